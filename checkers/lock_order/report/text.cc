// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/text.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {
namespace {

constexpr char kRule[] = "==================\n";

// Names come from files that anybody may have written: no control characters reach a terminal.
std::string Printable(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(&result, "\\x%02x", byte);
    } else {
      result += c;
    }
  }
  return result;
}

void AppendFrames(const std::vector<ReportFrame>& frames, std::string& out) {
  std::size_t number = 0;
  for (const ReportFrame& frame : frames) {
    absl::StrAppendFormat(&out, "      #%d ", number++);
    if (frame.function.empty()) {
      absl::StrAppendFormat(&out, "0x%x", frame.pc);
    } else {
      absl::StrAppend(&out, Printable(frame.function));
    }
    if (!frame.file.empty()) {
      absl::StrAppend(&out, " ", Printable(frame.file));
      if (frame.line > 0) absl::StrAppend(&out, ":", frame.line);
    } else if (!frame.module.empty()) {
      absl::StrAppend(&out, " (", Printable(frame.module), "+0x", absl::Hex(frame.offset), ")");
    }
    if (frame.inlined) absl::StrAppend(&out, " (inlined)");
    out += '\n';
  }
  if (frames.empty()) absl::StrAppend(&out, "      (no stack was recorded)\n");
}

void AppendStack(const ReportStack& stack, std::string& out) {
  absl::StrAppend(&out, "    ", Printable(stack.title), "\n");
  AppendFrames(stack.frames, out);
}

}  // namespace

std::string FindingAsText(const ReportFinding& finding) {
  std::string out = kRule;
  absl::StrAppend(&out, "WARNING: heddle: ", Printable(finding.headline));
  if (finding.pid != 0) absl::StrAppend(&out, " (pid=", finding.pid, ")");
  out += '\n';
  if (!finding.path.empty()) {
    absl::StrAppend(&out, finding.kind == "deadlock" ? "  " : "  Cycle: ", finding.path, "\n");
  }
  for (const ReportLock& lock : finding.locks) {
    absl::StrAppend(&out, "  ", lock.id, ": ", lock.kind, " ", Printable(lock.label));
    const std::string address = absl::StrCat("0x", absl::Hex(lock.address));
    if (lock.address != 0 && lock.label != address) absl::StrAppend(&out, " (", address, ")");
    out += '\n';
  }
  for (const ReportEdge& edge : finding.edges) {
    absl::StrAppend(&out, "\n  ", Printable(edge.thread), ":\n");
    for (const ReportStack& stack : edge.stacks) AppendStack(stack, out);
  }
  for (const ReportStack& stack : finding.stacks) AppendStack(stack, out);
  for (const ReportLock& lock : finding.locks) {
    if (lock.created.empty()) continue;
    absl::StrAppend(&out, "\n  ", lock.id, " was first seen here:\n");
    AppendFrames(lock.created, out);
  }
  if (!finding.remarks.empty() || !finding.advice.empty()) out += '\n';
  for (const std::string& remark : finding.remarks) {
    absl::StrAppend(&out, "  Note: ", Printable(remark), "\n");
  }
  if (!finding.advice.empty()) absl::StrAppend(&out, "  What to do: ", finding.advice, "\n");
  if (finding.similar > 0) {
    absl::StrAppend(&out, "  The same code makes ", finding.similar,
                    " more such cycle(s) of other locks.\n");
  }
  return out + kRule;
}

std::string SummaryAsText(const Report& report) {
  std::string out;
  for (const std::string& note : report.notes)
    absl::StrAppend(&out, "heddle: ", Printable(note), "\n");
  if (!report.suppressions.empty()) {
    absl::StrAppend(&out, "heddle: ", report.suppressed, " finding(s) suppressed:\n");
    for (const SuppressionCount& count : report.suppressions) {
      absl::StrAppendFormat(&out, "%8d  %s%s\n", count.matches, Printable(count.pattern),
                            count.matches == 0 ? "  (matches nothing)" : "");
    }
  }
  if (!report.findings.empty()) {
    absl::StrAppend(&out, "heddle: ", report.findings.size(), " finding(s)\n");
  }
  return out;
}

std::string ReportAsText(const Report& report) {
  std::string out;
  for (const ReportFinding& finding : report.findings)
    absl::StrAppend(&out, FindingAsText(finding));
  return out + SummaryAsText(report);
}

}  // namespace heddle::lock_order
