// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/text.h"

#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

constexpr char kRule[] = "==================\n";

absl::string_view Directory(const TextStyle& style) {
  return style.sources != nullptr ? absl::string_view(style.sources->directory()) : "";
}

absl::string_view FileName(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

void AppendFrame(const ReportFrame& frame, std::size_t number, const TextStyle& style,
                 std::string& out) {
  absl::StrAppendFormat(&out, "      #%d ", number);
  if (frame.function.empty()) {
    absl::StrAppendFormat(&out, "0x%x", frame.pc);
  } else {
    absl::StrAppend(&out, Printable(frame.function));
  }
  if (!frame.file.empty()) {
    absl::StrAppend(
        &out, " ",
        Printable(style.full_stacks ? frame.file : ShortPath(frame.file, Directory(style))));
    if (frame.line > 0) absl::StrAppend(&out, ":", frame.line);
    if (frame.line > 0 && frame.column > 0) absl::StrAppend(&out, ":", frame.column);
  } else if (!frame.module.empty()) {
    absl::StrAppend(&out, " (",
                    Printable(style.full_stacks ? frame.module : FileName(frame.module)), "+0x",
                    absl::Hex(frame.offset), ")");
  }
  if (frame.inlined && style.full_stacks) absl::StrAppend(&out, " (inlined)");
  out += '\n';
}

// The line of source goes below the frame to point at.
void AppendFrames(const std::vector<ReportFrame>& frames, const TextStyle& style,
                  std::string& out) {
  if (frames.empty()) absl::StrAppend(&out, "      (no stack was recorded)\n");
  const ReportFrame* place = PlaceOf(frames);
  std::vector<std::size_t> shown = FramesOfInterest(frames);
  if (style.full_stacks) {
    shown.resize(frames.size());
    std::iota(shown.begin(), shown.end(), std::size_t{0});
  }
  for (const std::size_t i : shown) {
    AppendFrame(frames[i], i, style, out);
    if (&frames[i] != place || style.sources == nullptr) continue;
    if (const auto line = style.sources->At(*place); line.has_value()) {
      absl::StrAppend(&out, Excerpt(*line, place->line, place->column, /*margin=*/9));
    }
  }
}

void AppendStack(const ReportStack& stack, const TextStyle& style, std::string& out) {
  absl::StrAppend(&out, "    ", Printable(stack.title), "\n");
  AppendFrames(stack.frames, style, out);
}

}  // namespace

std::string FindingAsText(const ReportFinding& finding, const TextStyle& style) {
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
    for (const ReportStack& stack : edge.stacks) AppendStack(stack, style, out);
  }
  for (const ReportStack& stack : finding.stacks) AppendStack(stack, style, out);
  for (const ReportLock& lock : finding.locks) {
    if (lock.created.empty()) continue;
    absl::StrAppend(&out, "\n  ", lock.id, " was first seen here:\n");
    AppendFrames(lock.created, style, out);
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

std::string ReportAsText(const Report& report, const TextStyle& style) {
  std::string out;
  for (const ReportFinding& finding : report.findings) {
    absl::StrAppend(&out, FindingAsText(finding, style));
  }
  return out + SummaryAsText(report);
}

}  // namespace heddle::lock_order
