// SPDX-License-Identifier: Apache-2.0
//
// What a graph holds, for people: the classes of locks with their contention, and the orders.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SHOW_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SHOW_H_

#include <string>

#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

// `name`: of the graph's file.
std::string GraphAsText(const std::string& name, const Graph& graph, Symbolizer& symbolizer);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SHOW_H_
