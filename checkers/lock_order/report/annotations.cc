// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/annotations.h"

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

using Names = std::set<std::string>;
using Order = std::map<std::string, Names>;  // what is acquired inside

// Labels: which were acquired while which was held. Cycles are left out.
Order Nested(const std::vector<const Graph*>& graphs, const VariableNamer& variable,
             const Hierarchy& hierarchy) {
  Order inside;
  for (const Graph* graph : graphs) {
    const Classes classes = FindClasses(*graph, variable);
    const auto label = [&](uint32_t chain) -> const std::string& {
      return classes.classes[classes.of_node[graph->chains[chain].node]].label;
    };
    for (std::size_t v = 1; v < graph->visits.size(); ++v) {
      const uint32_t acquired = graph->visits[v].chain;
      if ((graph->chains[acquired].flags & (kTry | kRecursive)) != 0) continue;
      for (uint32_t held = graph->chains[acquired].parent; held != 0;
           held = graph->chains[held].parent) {
        const auto outer = hierarchy.level.find(label(held));
        const auto inner = hierarchy.level.find(label(acquired));
        if (outer == hierarchy.level.end() || inner == hierarchy.level.end() ||
            outer->second >= inner->second) {
          continue;
        }
        inside[outer->first].insert(inner->first);
      }
    }
  }
  return inside;
}

// All that is inside of `from`, through others too.
Names Reachable(const Order& inside, const std::string& from) {
  Names found;
  std::vector<std::string> left = {from};
  while (!left.empty()) {
    const auto next = inside.find(left.back());
    left.pop_back();
    if (next == inside.end()) continue;
    for (const std::string& label : next->second) {
      if (found.insert(label).second) left.push_back(label);
    }
  }
  return found;
}

// What follows from other pairs goes.
void Reduce(Order& order) {
  const Order all = order;  // transitive
  for (auto& [outer, inner] : order) {
    for (const std::string& middle : all.at(outer)) {
      const auto beyond = all.find(middle);
      if (beyond == all.end()) continue;
      for (const std::string& label : beyond->second) inner.erase(label);
    }
  }
}

}  // namespace

std::string NameInSource(const std::string& label) {
  std::string name = label;
  // The module before a variable: a colon alone.
  for (std::size_t at = 0; (at = name.find(':', at)) != std::string::npos; at += 2) {
    if (at + 1 < name.size() && name[at + 1] == ':') continue;
    name.erase(0, at + 1);
    break;
  }
  name = absl::StrReplaceAll(name, {{"(anonymous namespace)::", ""}});
  if (name.empty() || (std::isalpha(static_cast<unsigned char>(name[0])) == 0 && name[0] != '_')) {
    return "";
  }
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != ':') return "";
  }
  return name;
}

std::string ClangAnnotations(const std::vector<const Graph*>& graphs,
                             const VariableNamer& variable) {
  const Hierarchy hierarchy = InferHierarchy(graphs, variable);
  const Order inside = Nested(graphs, variable, hierarchy);
  Order before;
  Names unnamed;
  std::set<std::pair<uint32_t, std::string>> lines;  // outermost first
  for (const auto& [label, level] : hierarchy.level) {
    const std::string name = NameInSource(label);
    Names& inner = before[name];
    const Names reachable = Reachable(inside, label);
    if (name.empty()) {
      if (!reachable.empty()) unnamed.insert(label);
      continue;
    }
    lines.emplace(level, name);
    for (const std::string& other : reachable) {
      const std::string other_name = NameInSource(other);
      if (other_name.empty()) unnamed.insert(other);
      if (!other_name.empty() && other_name != name) inner.insert(other_name);
    }
  }
  before.erase("");
  Reduce(before);
  Order after;
  for (const auto& [outer, inner] : before) {
    for (const std::string& name : inner) after[name].insert(outer);
  }
  std::string text =
      "// For Clang's -Wthread-safety-beta, outermost first. Each pair is said twice: keep the "
      "one\n"
      "// whose argument is declared before it.\n";
  for (const std::string& label : unnamed) {
    absl::StrAppend(&text, "// not a variable by itself: ", Printable(label), "\n");
  }
  for (const auto& together : hierarchy.unordered) {
    std::vector<std::string> labels;
    for (const std::string& label : together) labels.push_back(Printable(label));
    absl::StrAppend(&text, "// in a cycle, without an order: ", absl::StrJoin(labels, ", "), "\n");
  }
  for (const auto& [level, name] : lines) {
    const Names& outer = after[name];
    const Names& inner = before[name];
    if (outer.empty() && inner.empty()) continue;
    absl::StrAppend(&text, name);
    if (!outer.empty()) absl::StrAppend(&text, " ACQUIRED_AFTER(", absl::StrJoin(outer, ", "), ")");
    if (!inner.empty()) {
      absl::StrAppend(&text, " ACQUIRED_BEFORE(", absl::StrJoin(inner, ", "), ")");
    }
    text += ";\n";
  }
  return text;
}

}  // namespace heddle::lock_order
