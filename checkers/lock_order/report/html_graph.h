// SPDX-License-Identifier: Apache-2.0
//
// The drawing in the HTML report.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_GRAPH_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_GRAPH_H_

#include <string>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

// All locks of all findings as an <svg>; an edge names in data-details the element that has its
// stacks: e<finding>-<edge>. Empty when there are no locks.
std::string DrawLocks(const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_GRAPH_H_
