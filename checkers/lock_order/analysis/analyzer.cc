// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/analyzer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "checkers/lock_order/analysis/classes.h"

namespace heddle::lock_order {
namespace {

// What tells one acquisition in the code from another.
uint64_t CodeOfChain(const Graph& graph, uint32_t index) {
  const Chain& chain = graph.chains[index];
  uint64_t hash = chain.site;
  for (const Frame& frame : graph.StackFrames(chain.stack)) {
    hash = absl::HashOf(hash, frame.pc);
  }
  return hash != 0 ? hash : chain.node;
}

bool StillPossible(const Graph& graph, Segments& segments, const Cycle& cycle) {
  for (std::size_t i = 0; i < cycle.edges.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!segments.Concurrent(graph.visits[cycle.edges[i].visit],
                               graph.visits[cycle.edges[j].visit])) {
        return false;
      }
    }
  }
  return true;
}

std::vector<uint32_t> ClassesFor(const Graph& graph, const AnalyzerOptions& options) {
  if (options.classes == ClassCycles::kInferred) {
    return FindClasses(graph).of_node;  // by place: the elements of an array are one class
  }
  return DeclaredClasses(graph);
}

}  // namespace

Analyzer::Analyzer(AnalyzerOptions options)
    : options_(std::move(options)),
      locks_(CycleOptions{.budget = options_.budget, .class_of = {}}),
      classes_(CycleOptions{.budget = options_.budget, .class_of = {}}) {
  if (options_.enforce) enforcer_.emplace(*options_.enforce, options_.variable);
}

std::vector<uint64_t> Analyzer::CodeOf(const Graph& graph, const Cycle& cycle) const {
  std::vector<std::array<uint64_t, 4>> edges;
  for (const CycleEdge& edge : cycle.edges) {
    edges.push_back({CodeOfChain(graph, edge.held), graph.nodes[graph.chains[edge.held].node].name,
                     CodeOfChain(graph, edge.acquired),
                     graph.nodes[graph.chains[edge.acquired].node].name});
  }
  std::rotate(edges.begin(), std::min_element(edges.begin(), edges.end()), edges.end());
  std::vector<uint64_t> code;
  for (const auto& edge : edges) code.insert(code.end(), edge.begin(), edge.end());
  return code;
}

std::vector<Finding> Analyzer::Update(const Graph& graph, bool final) {
  const bool ordered_anew = segments_.Update(graph);
  std::vector<Finding> found = records_.Take(graph, segments_, final);
  if (enforcer_) {
    for (const OrderViolation& violation : enforcer_->Check(graph)) found.emplace_back(violation);
  }
  if (ordered_anew) {  // what was apart may not be any more
    visits_ = 0;
    locks_.SearchAgain();
    classes_.SearchAgain();
  }

  std::vector<Cycle> cycles;
  for (Cycle& cycle : held_back_) {
    if (StillPossible(graph, segments_, cycle)) {
      cycles.push_back(std::move(cycle));
    } else {
      (cycle.by_class ? classes_ : locks_).Forget(graph, cycle);
      visits_ = 0;
    }
  }
  held_back_.clear();
  if (visits_ != graph.visits.size()) {
    visits_ = graph.visits.size();
    std::vector<Cycle> news = locks_.Find(graph, segments_);
    exhausted_ = locks_.exhausted();
    if (options_.classes != ClassCycles::kNone) {
      classes_.SetClasses(ClassesFor(graph, options_));
      std::vector<Cycle> more = classes_.Find(graph, segments_);
      exhausted_ = exhausted_ || classes_.exhausted();
      news.insert(news.end(), more.begin(), more.end());
    }
    (final ? cycles : held_back_)
        .insert((final ? cycles : held_back_).end(), news.begin(), news.end());
  }
  // The same code again: counted, not returned.
  std::vector<Cycle> reports;
  std::vector<std::vector<uint64_t>> codes;
  for (Cycle& cycle : cycles) {
    std::vector<uint64_t> code = CodeOf(graph, cycle);
    const auto [at, added] = reported_.try_emplace(code, 0);
    if (added) {
      reports.push_back(std::move(cycle));
      codes.push_back(std::move(code));
    } else {
      ++at->second;
      ++similar_;
    }
  }
  for (std::size_t i = 0; i < reports.size(); ++i) {
    reports[i].similar = reported_[codes[i]];
    found.emplace_back(std::move(reports[i]));
  }
  return found;
}

}  // namespace heddle::lock_order
