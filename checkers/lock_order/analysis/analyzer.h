// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be found in one graph, live or not. A live graph is polled: what was found is
// returned once, and a cycle only after it was found in two polls, since an event that separates
// its threads may be written a little after what it separates.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYZER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYZER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkers/lock_order/analysis/classes.h"
#include "checkers/lock_order/analysis/cycles.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/record_findings.h"
#include "checkers/lock_order/analysis/segments.h"

namespace heddle::lock_order {

enum class ClassCycles {
  kNone,      // cycles of locks only
  kDeclared,  // also of classes with a declared name
  kInferred,  // also of locks first seen at the same place
};

struct AnalyzerOptions {
  ClassCycles classes = ClassCycles::kDeclared;
  uint64_t budget = 50'000'000;
  std::optional<Hierarchy> enforce = std::nullopt;
  VariableNamer variable = nullptr;  // for the labels of classes
};

class Analyzer {
 public:
  explicit Analyzer(AnalyzerOptions options = {});

  // The new findings. `final`: nothing more will come; then nothing is held back.
  std::vector<Finding> Update(const Graph& graph, bool final);

  // Further cycles of other locks through the same code as a reported one (they are not returned).
  uint64_t similar() const { return similar_; }
  // The search for cycles was not complete.
  bool exhausted() const { return exhausted_; }

 private:
  std::vector<uint64_t> CodeOf(const Graph& graph, const Cycle& cycle) const;

  AnalyzerOptions options_;
  Segments segments_;
  CycleFinder locks_;
  CycleFinder classes_;
  RecordFindings records_;
  std::optional<Enforcer> enforcer_;
  std::size_t visits_ = 0;
  std::vector<Cycle> held_back_;
  std::map<std::vector<uint64_t>, uint64_t> reported_;  // by code: how many
  uint64_t similar_ = 0;
  bool exhausted_ = false;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYZER_H_
