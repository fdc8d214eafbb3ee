// SPDX-License-Identifier: Apache-2.0
//
// Reports for programs: {"version", "tool", "findings": [...], "suppressions", "notes"}.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_JSON_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_JSON_H_

#include <string>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

std::string ReportAsJson(const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_JSON_H_
