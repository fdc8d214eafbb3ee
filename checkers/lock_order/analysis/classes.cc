// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/classes.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {

uint32_t ModuleAt(const Graph& graph, uint64_t pc) {
  for (std::size_t i = graph.modules.size(); i-- > 1;) {
    if (pc >= graph.modules[i].begin && pc < graph.modules[i].end) return static_cast<uint32_t>(i);
  }
  return 0;
}

std::string BuildIdHex(const Module& module) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(module.build_id), module.build_id_bytes));
}

std::string PlaceLabel(const Graph& graph, uint64_t pc) {
  const uint32_t index = ModuleAt(graph, pc);
  if (index == 0) return absl::StrCat("0x", absl::Hex(pc));
  const Module& module = graph.modules[index];
  const std::string path = graph.String(module.path);
  const std::string id = BuildIdHex(module);
  return absl::StrCat(path.substr(path.rfind('/') + 1),
                      id.empty() ? "" : absl::StrCat("[", id.substr(0, 12), "]"), "+0x",
                      absl::Hex(pc - module.bias));
}

Classes FindClasses(const Graph& graph) {
  Classes result;
  result.of_node.resize(graph.nodes.size());
  result.classes.emplace_back();
  absl::flat_hash_map<std::string, uint32_t> by_label;
  absl::flat_hash_map<uint64_t, uint32_t> by_site;
  for (uint32_t n = 1; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    uint32_t known = 0;
    if (node.name == 0) {
      if (const auto at = by_site.find(node.first_site); at != by_site.end()) known = at->second;
    }
    if (known == 0) {
      const std::string label = node.name != 0 ? graph.String(node.name)
                                : node.address == 0 && node.identity != 0
                                    ? absl::StrCat("file:", absl::Hex(node.identity))
                                    : PlaceLabel(graph, node.first_site);
      const auto [at, added] = by_label.try_emplace(label, result.classes.size());
      if (added) result.classes.push_back({.label = label, .example = n, .locks = 0});
      known = at->second;
      if (node.name == 0 && node.address != 0) by_site.emplace(node.first_site, known);
    }
    result.of_node[n] = known;
    ++result.classes[known].locks;
  }
  return result;
}

std::vector<uint32_t> DeclaredClasses(const Graph& graph) {
  std::vector<uint32_t> of_node(graph.nodes.size());
  absl::flat_hash_map<std::string, uint32_t> by_name;
  absl::flat_hash_map<uint32_t, uint32_t> by_string;
  for (uint32_t n = 1; n < graph.nodes.size(); ++n) {
    of_node[n] = n;
    const uint32_t name = graph.nodes[n].name;
    if (name == 0) continue;
    auto [at, added] = by_string.try_emplace(name, n);
    if (added) at->second = by_name.try_emplace(graph.String(name), n).first->second;
    of_node[n] = at->second;
  }
  return of_node;
}

}  // namespace heddle::lock_order
