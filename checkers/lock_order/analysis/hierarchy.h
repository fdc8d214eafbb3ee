// SPDX-License-Identifier: Apache-2.0
//
// A global order of lock classes: inferred from graphs, kept as a readable file, enforced later.
//
// The file: one class a line, "LEVEL LABEL", outermost level first; '#' begins a comment line. A
// lock may be acquired while locks of the same or smaller levels are held.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_HIERARCHY_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_HIERARCHY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

struct Hierarchy {
  std::map<std::string, uint32_t> level;            // by label
  std::vector<std::vector<std::string>> unordered;  // classes in a cycle: they share a level
};

// A class's level is the length of the longest way to it, from 1.
Hierarchy InferHierarchy(const std::vector<const Graph*>& graphs,
                         const VariableNamer& variable = nullptr);

std::string FormatHierarchy(const Hierarchy& hierarchy);

// Errors name the line.
absl::StatusOr<Hierarchy> ParseHierarchy(absl::string_view text);

// Reports acquisitions against a hierarchy, each pair of classes once.
class Enforcer {
 public:
  explicit Enforcer(Hierarchy hierarchy, VariableNamer variable = nullptr)
      : hierarchy_(std::move(hierarchy)), variable_(std::move(variable)) {}

  // Looks at the visits that are new since the last call.
  std::vector<OrderViolation> Check(const Graph& graph);

 private:
  uint32_t LevelOf(const Graph& graph, uint32_t node);

  Hierarchy hierarchy_;
  VariableNamer variable_;
  std::size_t visits_ = 1;
  std::vector<uint32_t> level_of_;  // by node; 0: not in the file
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, bool> reported_;  // first sites or names
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_HIERARCHY_H_
