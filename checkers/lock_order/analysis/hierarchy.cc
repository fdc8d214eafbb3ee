// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/hierarchy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/components.h"

namespace heddle::lock_order {
namespace {

// All chains of all graphs over class numbers. Only visited chains order classes.
struct Merged {
  std::vector<Chain> chains{Chain{}};
  std::vector<bool> is_dependency{false};
  std::vector<std::string> labels{""};
};

Merged MergeByClass(const std::vector<const Graph*>& graphs, const VariableNamer& variable) {
  Merged merged;
  absl::flat_hash_map<std::string, uint32_t> number;
  for (const Graph* graph : graphs) {
    const Classes classes = FindClasses(*graph, variable);
    std::vector<uint32_t> class_number(classes.classes.size());
    for (std::size_t i = 1; i < classes.classes.size(); ++i) {
      const auto [at, added] = number.try_emplace(classes.classes[i].label, merged.labels.size());
      if (added) merged.labels.push_back(classes.classes[i].label);
      class_number[i] = at->second;
    }
    const auto base = static_cast<uint32_t>(merged.chains.size() - 1);
    for (std::size_t c = 1; c < graph->chains.size(); ++c) {
      Chain chain = graph->chains[c];
      chain.node = class_number[classes.of_node[chain.node]];
      if (chain.parent != 0) chain.parent += base;
      merged.chains.push_back(chain);
    }
    merged.is_dependency.resize(merged.chains.size());
    for (std::size_t v = 1; v < graph->visits.size(); ++v) {
      const uint32_t c = graph->visits[v].chain;
      if ((graph->chains[c].flags & (kTry | kRecursive)) == 0)
        merged.is_dependency[base + c] = true;
    }
  }
  return merged;
}

// Names may be anything.
bool FitsALine(absl::string_view label) {
  return !label.empty() && label.find('\n') == absl::string_view::npos &&
         label == absl::StripAsciiWhitespace(label);
}

}  // namespace

Hierarchy InferHierarchy(const std::vector<const Graph*>& graphs, const VariableNamer& variable) {
  const Merged merged = MergeByClass(graphs, variable);
  const auto classes = static_cast<uint32_t>(merged.labels.size());
  std::vector<uint32_t> identity(classes);
  for (uint32_t i = 0; i < classes; ++i) identity[i] = i;
  const std::vector<uint32_t> component =
      FindComponents({merged.chains, identity, classes, merged.is_dependency});

  // Components come innermost first, so backwards each comes before all that it leads to. The level
  // of a component is the largest number of lock components on a way to it.
  const uint32_t components =
      component.empty() ? 0 : *std::max_element(component.begin(), component.end()) + 1;
  std::vector<std::vector<uint32_t>> locks(components);
  std::vector<std::vector<uint32_t>> chains(components);
  for (uint32_t i = 1; i < classes; ++i) locks[component[i]].push_back(i);
  for (uint32_t c = 1; c < merged.chains.size(); ++c) chains[component[classes + c]].push_back(c);
  std::vector<std::vector<uint32_t>> ending(classes);  // by lock: chains that end in it
  std::vector<std::vector<uint32_t>> children(merged.chains.size());
  for (uint32_t c = 1; c < merged.chains.size(); ++c) {
    ending[merged.chains[c].node].push_back(c);
    children[merged.chains[c].parent].push_back(c);
  }
  std::vector<uint32_t> level(components);
  const auto reach = [&level, &component](uint32_t from, uint32_t vertex) {
    const uint32_t to = component[vertex];
    if (to != from) level[to] = std::max(level[to], level[from]);
  };
  Hierarchy hierarchy;
  for (uint32_t at = components; at-- > 0;) {
    if (!locks[at].empty()) ++level[at];
    for (const uint32_t lock : locks[at]) {
      hierarchy.level[merged.labels[lock]] = level[at];
      for (const uint32_t c : ending[lock]) reach(at, classes + c);
    }
    for (const uint32_t parent : chains[at]) {
      for (const uint32_t c : children[parent]) {
        reach(at, classes + c);
        if (merged.is_dependency[c]) reach(at, merged.chains[c].node);
      }
    }
    if (locks[at].size() > 1) {
      std::vector<std::string>& together = hierarchy.unordered.emplace_back();
      for (const uint32_t lock : locks[at]) together.push_back(merged.labels[lock]);
    }
  }
  return hierarchy;
}

std::string FormatHierarchy(const Hierarchy& hierarchy) {
  std::string text =
      "# Lock hierarchy, outermost first: LEVEL CLASS. A lock may be acquired while locks of the "
      "same\n"
      "# or smaller levels are held. Edit it, then: heddle lockorder --enforce=FILE -- COMMAND\n";
  for (const auto& together : hierarchy.unordered) {
    absl::StrAppend(&text, "# in a cycle, so without an order among them: ",
                    absl::CHexEscape(absl::StrJoin(together, ", ")), "\n");
  }
  std::vector<std::pair<uint32_t, std::string>> lines;
  for (const auto& [label, level] : hierarchy.level) lines.emplace_back(level, label);
  std::sort(lines.begin(), lines.end());
  for (const auto& [level, label] : lines) {
    if (FitsALine(label)) {
      absl::StrAppend(&text, level, " ", label, "\n");
    } else {
      absl::StrAppend(&text, "# not to be written in a line: ", level, " ", absl::CHexEscape(label),
                      "\n");
    }
  }
  return text;
}

absl::StatusOr<Hierarchy> ParseHierarchy(absl::string_view text) {
  Hierarchy hierarchy;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
    const absl::string_view label = absl::StripAsciiWhitespace(fields.second);
    uint32_t level = 0;
    if (!absl::SimpleAtoi(fields.first, &level) || level == 0 || label.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": expected LEVEL CLASS, a level being a number from 1"));
    }
    if (!hierarchy.level.emplace(label, level).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", label, " occurs twice"));
    }
  }
  return hierarchy;
}

uint32_t Enforcer::LevelOf(const Graph& graph, uint32_t node) {
  for (auto n = static_cast<uint32_t>(level_of_.size()); n <= node; ++n) {
    const auto found =
        n == 0 ? hierarchy_.level.end() : hierarchy_.level.find(ClassLabel(graph, n, variable_));
    level_of_.push_back(found != hierarchy_.level.end() ? found->second : 0);
  }
  return level_of_[node];
}

std::vector<OrderViolation> Enforcer::Check(const Graph& graph) {
  std::vector<OrderViolation> found;
  for (; visits_ < graph.visits.size(); ++visits_) {
    const Visit& visit = graph.visits[visits_];
    const Chain& chain = graph.chains[visit.chain];
    const uint32_t level = LevelOf(graph, chain.node);
    if (level == 0 || (chain.flags & (kTry | kRecursive)) != 0) continue;
    for (uint32_t c = chain.parent; c != 0; c = graph.chains[c].parent) {
      const uint32_t held = graph.chains[c].node;
      if (LevelOf(graph, held) <= level) continue;
      // One report for each pair of places in the code.
      if (!reported_.try_emplace({chain.node, held}, true).second) continue;
      found.push_back({.enforced = true,
                       .thread = visit.thread,
                       .node = chain.node,
                       .other_node = held,
                       .held = c,
                       .acquired = visit.chain,
                       .stack = 0});
      break;
    }
  }
  return found;
}

}  // namespace heddle::lock_order
