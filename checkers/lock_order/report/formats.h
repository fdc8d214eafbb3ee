// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FORMATS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FORMATS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

// `format`: text, json, sarif, dot or html.
std::string ReportAs(absl::string_view format, const Report& report);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FORMATS_H_
