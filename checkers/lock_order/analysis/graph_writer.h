// SPDX-License-Identifier: Apache-2.0
//
// Writes a whole graph as a file that GraphReader reads.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_WRITER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

// Replaces the file at once: it is never seen half written.
absl::Status WriteGraph(const Graph& graph, const std::string& path);

// The index of a new string in `graph`.
uint32_t AddString(Graph& graph, absl::string_view text);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_GRAPH_WRITER_H_
