// SPDX-License-Identifier: Apache-2.0
//
// Several graphs as one. Program counters are moved to addresses that mean the same in every run:
// each module (by build id, else by path) gets a range of its own. Locks become one lock where they
// are known to be the same: static variables of one module, files and shared memory of one host.
// Other locks stay apart and meet by class only.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_MERGE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_MERGE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

struct MergeOptions {
  // The module with the static variable at `address`; 0: it is none. Without it, no locks but files
  // are known to be the same.
  std::function<uint32_t(const Graph& graph, uint64_t address)> module_of_variable;
  // The graphs are of processes that ran together. Otherwise their first threads count as one
  // thread: a program's main thread of one run never meets that of another.
  bool one_run = false;
};

struct MergedGraph {
  Graph graph;
  std::vector<uint32_t> origin_of_thread;  // index of the graph that a thread comes from
};

MergedGraph MergeGraphs(const std::vector<const Graph*>& graphs, const MergeOptions& options);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_MERGE_H_
