// SPDX-License-Identifier: Apache-2.0
//
// Reports for Graphviz: the locks of all findings and the edges between them.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DOT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DOT_H_

#include <string>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

std::string ReportAsDot(const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_DOT_H_
