// SPDX-License-Identifier: Apache-2.0
//
// Findings that a single record of the graph shows: what the runtime wrote as an event, and chains
// and locks whose flags say that something was wrong.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_RECORD_FINDINGS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_RECORD_FINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/analysis/segments.h"

namespace heddle::lock_order {

class RecordFindings {
 public:
  // What is new since the last call with the same graph, grown. `segments` is up to date with it;
  // `final`: nothing more will come.
  std::vector<Finding> Take(const Graph& graph, Segments& segments, bool final);

 private:
  struct PendingRead {
    Visit visit;
    bool possible = false;  // a writer could come in between when it was last looked at
  };

  void TakeEvents(const Graph& graph, std::vector<Finding>& found);
  void TakeVisit(const Graph& graph, const Visit& visit, std::vector<Finding>& found);

  std::size_t events_ = 1;
  std::size_t visits_ = 1;
  absl::flat_hash_set<std::pair<uint32_t, uint32_t>> levels_;   // node, held node: reported
  absl::flat_hash_set<std::pair<uint64_t, uint64_t>> misuses_;  // kind and node, stack: reported
  absl::flat_hash_set<uint32_t> signals_;                       // nodes: reported
  absl::flat_hash_set<uint32_t> chains_;                        // reported
  std::vector<PendingRead> pending_;  // recursive reads that no writer disturbs so far
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_RECORD_FINDINGS_H_
