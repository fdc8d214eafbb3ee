// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/dot.h"

#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

std::string Quoted(absl::string_view text) {
  std::string result = "\"";
  for (const char c : Printable(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string Place(const ReportStack& stack) {
  const ReportFrame* place = PlaceOf(stack);
  if (place == nullptr) return "";
  const ReportFrame& frame = *place;
  if (!frame.file.empty()) {
    return absl::StrCat(frame.file.substr(frame.file.rfind('/') + 1), ":", frame.line);
  }
  return !frame.function.empty() ? frame.function : absl::StrCat("0x", absl::Hex(frame.pc));
}

}  // namespace

std::string ReportAsDot(const Report& report) {
  std::string out =
      "digraph locks {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge "
      "[fontname=\"sans-serif\"];\n";
  std::set<std::string> seen;
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const ReportFinding& finding = report.findings[i];
    for (const ReportLock& lock : finding.locks) {
      if (!seen.insert(lock.id).second) continue;
      absl::StrAppend(&out, "  ", Quoted(lock.id),
                      " [label=", Quoted(absl::StrCat(lock.id, " ", lock.label)),
                      ", tooltip=", Quoted(absl::StrCat(lock.kind, " ", lock.lock_class)), "];\n");
    }
    for (const ReportEdge& edge : finding.edges) {
      absl::StrAppend(
          &out, "  ", Quoted(finding.locks[edge.from].id), " -> ",
          Quoted(finding.locks[edge.to].id), " [label=",
          Quoted(edge.stacks.empty() ? edge.thread
                                     : absl::StrCat(edge.thread, " ", Place(edge.stacks.back()))),
          ", tooltip=", Quoted(absl::StrCat(i + 1, ": ", finding.headline)),
          finding.kind == "deadlock" ? ", color=red" : "", "];\n");
    }
  }
  return out + "}\n";
}

}  // namespace heddle::lock_order
