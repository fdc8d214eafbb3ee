// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/formats.h"

#include <string>

#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/dot.h"
#include "checkers/lock_order/report/html.h"
#include "checkers/lock_order/report/json.h"
#include "checkers/lock_order/report/sarif.h"
#include "checkers/lock_order/report/text.h"

namespace heddle::lock_order {

std::string ReportAs(absl::string_view format, const Report& report) {
  if (format == "json") return ReportAsJson(report);
  if (format == "sarif") return ReportAsSarif(report);
  if (format == "dot") return ReportAsDot(report);
  if (format == "html") return ReportAsHtml(report);
  return ReportAsText(report);
}

}  // namespace heddle::lock_order
