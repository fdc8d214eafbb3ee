// SPDX-License-Identifier: Apache-2.0
//
// Reports for people, in the manner of the sanitizers.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_

#include <string>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

// One finding, between two ruled lines.
std::string FindingAsText(const ReportFinding& finding);

// What follows all findings: counts, suppressions, notes. Empty when there is nothing to say.
std::string SummaryAsText(const Report& report);

std::string ReportAsText(const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_
