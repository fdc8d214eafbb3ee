// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/report.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::linearizability {
namespace {

// For element content and quoted attributes.
std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(lock_order::Printable(text),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

constexpr char kHead[] = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'">
<title>Linearizability</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:0;color:#1c1c1c;background:#fff;overflow-wrap:anywhere}
h1{font-size:18px;margin:12px 16px}
p,ol{margin:8px 16px}
#time{overflow-x:auto;border-block:1px solid #ccc;background:#fafafa}
svg{display:block}
rect{fill:#dfe6f5;stroke:#446;stroke-width:1}
.stuck rect{fill:#fbd9d0;stroke:#c30;stroke-width:2}
.placed rect{fill:#d9f0dc;stroke:#375}
text{font-size:12px;dominant-baseline:central}
.process{font-weight:600}
.order{font-weight:600;fill:#264}
.stuck .order,.wrong{fill:#c30;color:#c30}
</style></head><body>
)";

constexpr std::size_t kMostBars = 400;
constexpr int kColumn = 46;  // between two events
constexpr int kRow = 34;
constexpr int kLeft = 96;

std::string Call(const Judged& judged, std::size_t i) {
  return EscapeHtml(Describe(*judged.spec, judged.history->operations[i], *judged.history));
}

class Timeline {
 public:
  Timeline(const Judged& judged, std::vector<std::size_t> shown)
      : judged_(judged), shown_(std::move(shown)) {
    const std::vector<Operation>& all = judged.history->operations;
    std::vector<Time> times;
    for (const std::size_t i : shown_) {
      times.push_back(all[i].invoke);
      if (!all[i].pending()) times.push_back(all[i].done);
      rows_.emplace(all[i].process, 0);
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    for (std::size_t t = 0; t < times.size(); ++t) columns_[times[t]] = static_cast<int>(t);
    int row = 0;
    for (auto& [process, at] : rows_) at = row++;
  }

  std::string Draw() const {
    const int width = kLeft + (static_cast<int>(columns_.size()) + 1) * kColumn;
    const int height = static_cast<int>(rows_.size()) * kRow + 12;
    std::string svg =
        absl::StrCat("<div id=\"time\"><svg width=\"", width, "\" height=\"", height, "\">\n");
    for (const auto& [process, row] : rows_) {
      absl::StrAppend(&svg, "<text class=\"process\" x=\"8\" y=\"", Middle(row), "\">process ",
                      process, "</text>\n");
    }
    for (const std::size_t i : shown_) absl::StrAppend(&svg, Bar(i, width));
    return svg + "</svg></div>\n";
  }

 private:
  static int Middle(int row) { return 6 + row * kRow + kRow / 2; }

  std::string Bar(std::size_t i, int width) const {
    const Violation& violation = *judged_.result.violation;
    const Operation& op = judged_.history->operations[i];
    const int begin = kLeft + columns_.at(op.invoke) * kColumn;
    const int end = op.pending() ? width - 4 : kLeft + columns_.at(op.done) * kColumn + kColumn / 2;
    const auto place = std::find(violation.prefix.begin(), violation.prefix.end(), i);
    const bool stuck = violation.stuck == i;
    const char* kind = stuck ? " stuck" : place != violation.prefix.end() ? " placed" : "";
    std::string order;
    if (stuck) {
      order = "\u2717 ";
    } else if (place != violation.prefix.end()) {
      order = absl::StrCat(place - violation.prefix.begin() + 1, ". ");
    }
    const int row = rows_.at(op.process);
    const std::string call = Call(judged_, i);
    return absl::StrCat(
        "<g class=\"operation", kind, "\" data-operation=\"", i, "\"><title>process ", op.process,
        ", ", op.invoke, " to ", op.pending() ? "(pending)" : absl::StrCat(op.done), ": ", call,
        "</title><rect x=\"", begin, "\" y=\"", Middle(row) - 12, "\" width=\"",
        std::max(4, end - begin), "\" height=\"24\" rx=\"3\"/><text x=\"", begin + 5, "\" y=\"",
        Middle(row), "\"><tspan class=\"order\">", order, "</tspan>", call, "</text></g>\n");
  }

  const Judged& judged_;
  std::vector<std::size_t> shown_;
  std::map<std::int32_t, int> rows_;
  std::map<Time, int> columns_;
};

}  // namespace

std::string FormatHtml(const Judged& judged) {
  const Result& result = judged.result;
  std::string page =
      absl::StrCat(kHead, "<h1>", EscapeHtml(judged.name), ": ", ToString(result.judgement),
                   "</h1>\n<p>", judged.history->operations.size(), " operations on a ",
                   EscapeHtml(judged.spec->name), ", judged in ", result.parts, " part(s): ");
  if (!result.violation) {
    absl::StrAppend(&page, result.judgement == Judgement::kOk ? "" : "not known whether ",
                    EscapeHtml(judged.criterion),
                    result.judgement == Judgement::kOk
                        ? ""
                        : absl::StrCat(" (out of ", ToString(result.shortage), ")"),
                    ".</p>\n");
    return page + "</body></html>\n";
  }
  const Violation& violation = *result.violation;
  absl::StrAppend(&page, "not ", EscapeHtml(judged.criterion), ".</p>\n<p>The ",
                  violation.minimal.size(), " operations below contradict each other",
                  violation.shrunk ? "; none can be left out" : "",
                  ". Numbers: the longest order of a beginning that is possible.</p>\n");
  if (violation.sum) {
    absl::StrAppend(&page, "<p>", violation.before.size(), " operations before them did together ",
                    EscapeHtml(Describe(*judged.spec, *violation.sum, *judged.history)), ".</p>\n");
  }
  std::vector<std::size_t> shown = violation.minimal;
  if (shown.size() > kMostBars) {
    // The last ones, up to the operation without a place.
    const std::vector<Operation>& all = judged.history->operations;
    std::sort(shown.begin(), shown.end(),
              [&](std::size_t a, std::size_t b) { return all[a].invoke < all[b].invoke; });
    auto end = shown.end();
    if (violation.stuck) end = std::find(shown.begin(), shown.end(), *violation.stuck) + 1;
    const auto begin = end - std::min<std::ptrdiff_t>(kMostBars, end - shown.begin());
    absl::StrAppend(&page, "<p>Only ", end - begin, " of them are drawn.</p>\n");
    shown = std::vector<std::size_t>(begin, end);
  }
  absl::StrAppend(&page, Timeline(judged, shown).Draw());
  if (violation.stuck) {
    absl::StrAppend(&page, "<p>There is no place for <span class=\"wrong\">",
                    Call(judged, *violation.stuck), "</span> of process ",
                    judged.history->operations[*violation.stuck].process, ".</p>\n");
  }
  return page + "</body></html>\n";
}

}  // namespace heddle::linearizability
