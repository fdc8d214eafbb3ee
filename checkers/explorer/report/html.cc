// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/html.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/picture.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::explorer::report {
namespace {

constexpr char kHead[] = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%s</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:16px;color:#1c1c1c;background:#fff}
h1{font-size:18px;margin:0 0 4px}
h2{font-size:15px;margin:16px 0 4px}
p{margin:4px 0}
pre{background:#f4f4f4;padding:8px;overflow:auto;font-size:12px;margin:4px 0;max-width:1100px}
label{margin-right:14px}
%s</style></head><body>
)";

void AppendRemark(const Remark& remark, std::string& out) {
  absl::StrAppend(&out, "<p>", Escaped(remark.text), "</p>\n");
  if (remark.stack.empty()) return;
  absl::StrAppend(&out, "<pre>");
  for (const Place& place : remark.stack) {
    absl::StrAppend(&out, Escaped(place.function), place.function.empty() ? "" : "  ",
                    Escaped(place.where), "\n");
    if (!place.source.empty()) absl::StrAppend(&out, "  ", Escaped(place.source), "\n");
  }
  absl::StrAppend(&out, "</pre>\n");
}

}  // namespace

std::string FormatHtml(const Execution& execution, const HtmlOptions& options) {
  const std::string title = Escaped(lock_order::Printable(options.title));
  std::string out = absl::StrFormat(kHead, title, kPictureStyle);
  absl::StrAppend(&out, "<h1>", title, "</h1>\n");
  if (!options.summary.empty()) absl::StrAppend(&out, "<p>", Escaped(options.summary), "</p>\n");
  if (!execution.headline.empty()) {
    absl::StrAppend(&out, "<h2>", Escaped(execution.headline), "</h2>\n");
  }
  for (const Remark& remark : execution.remarks) AppendRemark(remark, out);
  if (!execution.steps.empty()) {
    absl::StrAppend(
        &out, "<h2>The execution</h2>\n",
        "<input type=\"checkbox\" id=\"rf\" checked><label for=\"rf\">what a read reads</label>\n",
        "<input type=\"checkbox\" id=\"co\" checked><label for=\"co\">order of writes to one "
        "location</label>\n",
        "<input type=\"checkbox\" id=\"hb\" checked><label for=\"hb\">synchronization</label>\n",
        Picture(execution));
    if (execution.left_out > 0) absl::StrAppend(&out, "<p>", LeftOut(execution), "</p>\n");
  }
  if (!execution.output.empty()) {
    absl::StrAppend(&out, "<h2>The program's output in it</h2>\n<pre>");
    for (const std::string& line : execution.output) absl::StrAppend(&out, Escaped(line), "\n");
    absl::StrAppend(&out, "</pre>\n");
  }
  for (const std::string& note : execution.notes) {
    absl::StrAppend(&out, "<p>", Escaped(note), "</p>\n");
  }
  absl::StrAppend(&out, "</body></html>\n");
  return out;
}

}  // namespace heddle::explorer::report
