// SPDX-License-Identifier: Apache-2.0
//
// Shared by the analyzer's tests: a graph's findings, and those of one kind.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYSIS_TESTING_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYSIS_TESTING_H_

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph_builder.h"

namespace heddle::lock_order {

inline constexpr uint32_t kMain = GraphBuilder::kMain;

inline std::vector<Finding> Analyze(const Graph& graph, AnalyzerOptions options = {}) {
  return Analyzer(std::move(options)).Update(graph, /*final=*/true);
}

template <typename Kind>
std::vector<Kind> Only(const std::vector<Finding>& findings) {
  std::vector<Kind> result;
  for (const Finding& finding : findings) {
    if (const auto* kind = std::get_if<Kind>(&finding)) result.push_back(*kind);
  }
  return result;
}

inline std::vector<Cycle> Cycles(const GraphBuilder& g) { return Only<Cycle>(Analyze(g.graph)); }

// The locks of a cycle, the smallest first.
inline std::vector<uint32_t> LocksOf(const GraphBuilder& g, const Cycle& cycle) {
  std::vector<uint32_t> locks;
  for (const CycleEdge& edge : cycle.edges) locks.push_back(g.graph.chains[edge.held].node);
  return locks;
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_ANALYSIS_TESTING_H_
