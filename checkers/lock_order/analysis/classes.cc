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

std::string ClassLabel(const Graph& graph, uint32_t index, const VariableNamer& variable) {
  const Node& node = graph.nodes[index];
  if (node.name != 0) return graph.String(node.name);
  if (node.address == 0 && node.identity != 0) {
    return absl::StrCat("file:", absl::Hex(node.identity));
  }
  if (variable) {
    std::string name = variable(graph, node.address);
    if (!name.empty()) return name;
  }
  return PlaceLabel(graph, node.first_site);
}

Classes FindClasses(const Graph& graph, const VariableNamer& variable) {
  Classes result;
  result.of_node.resize(graph.nodes.size());
  result.classes.emplace_back();
  absl::flat_hash_map<std::string, uint32_t> by_label;
  for (uint32_t n = 1; n < graph.nodes.size(); ++n) {
    const std::string label = ClassLabel(graph, n, variable);
    const auto [at, added] = by_label.try_emplace(label, result.classes.size());
    if (added) result.classes.push_back({.label = label, .example = n, .locks = 0});
    result.of_node[n] = at->second;
    ++result.classes[at->second].locks;
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
