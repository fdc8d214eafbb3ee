// SPDX-License-Identifier: Apache-2.0
//
// Reports for code-scanning views: SARIF 2.1.0. Each edge of a cycle is a thread flow with the
// acquisition of the held lock and that of the wanted one.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SARIF_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SARIF_H_

#include <string>

#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

std::string ReportAsSarif(const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SARIF_H_
