// SPDX-License-Identifier: Apache-2.0
//
// Reports as one HTML page that needs nothing else: the locks and edges of all findings drawn, with
// zoom (wheel) and pan (drag); an edge opens its stacks. All names are escaped: they come from
// files that anybody may have written.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

std::string ReportAsHtml(const Report& report);

// For element content and quoted attributes. Text that is longer than this is cut.
inline constexpr std::size_t kLongestHtmlText = 5000;
std::string EscapeHtml(absl::string_view text);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_HTML_H_
