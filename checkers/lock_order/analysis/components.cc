// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/components.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::lock_order {
namespace {

// Successors of all vertices in one array.
struct Adjacency {
  std::vector<uint32_t> begin;  // by vertex, and one more
  std::vector<uint32_t> to;
};

template <typename ForEachEdge>
Adjacency MakeAdjacency(std::size_t vertices, const ForEachEdge& for_each_edge) {
  Adjacency out;
  out.begin.resize(vertices + 1);
  for_each_edge([&out](uint32_t from, uint32_t) { ++out.begin[from + 1]; });
  for (std::size_t v = 0; v < vertices; ++v) out.begin[v + 1] += out.begin[v];
  out.to.resize(out.begin[vertices]);
  std::vector<uint32_t> next(out.begin.begin(), out.begin.end() - 1);
  for_each_edge([&out, &next](uint32_t from, uint32_t to) { out.to[next[from]++] = to; });
  return out;
}

// Tarjan's algorithm with its own stack: a chain may be very long.
std::vector<uint32_t> Tarjan(const Adjacency& graph) {
  const std::size_t vertices = graph.begin.size() - 1;
  constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> component(vertices, kNone);
  std::vector<uint32_t> index(vertices, kNone);
  std::vector<uint32_t> low(vertices);
  std::vector<uint32_t> next(graph.begin.begin(), graph.begin.end() - 1);
  std::vector<uint32_t> open;  // visited, component not known yet
  std::vector<uint32_t> path;
  uint32_t visited = 0;
  uint32_t components = 0;
  for (uint32_t root = 0; root < vertices; ++root) {
    if (index[root] != kNone) continue;
    path.push_back(root);
    while (!path.empty()) {
      const uint32_t v = path.back();
      if (index[v] == kNone) {
        index[v] = low[v] = visited++;
        open.push_back(v);
      }
      if (next[v] < graph.begin[v + 1]) {
        const uint32_t w = graph.to[next[v]++];
        if (index[w] == kNone) {
          path.push_back(w);
        } else if (component[w] == kNone) {
          low[v] = std::min(low[v], index[w]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[v]);
      if (low[v] == index[v]) {
        uint32_t w;
        do {
          w = open.back();
          open.pop_back();
          component[w] = components;
        } while (w != v);
        ++components;
      }
    }
  }
  return component;
}

}  // namespace

std::vector<uint32_t> FindComponents(const ComponentsInput& input) {
  const auto for_each_edge = [&input](const auto& edge) {
    for (uint32_t c = 1; c < input.chains.size(); ++c) {
      const Chain& chain = input.chains[c];
      const uint32_t lock = input.lock_of[chain.node];
      if (lock != kNoLock) edge(lock, input.locks + c);
      if (chain.parent == 0) continue;
      edge(input.locks + chain.parent, input.locks + c);
      if (lock != kNoLock && input.is_dependency[c]) edge(input.locks + chain.parent, lock);
    }
  };
  return Tarjan(MakeAdjacency(input.locks + input.chains.size(), for_each_edge));
}

}  // namespace heddle::lock_order
