// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/html.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
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
svg{display:block;margin-top:8px}
svg text{font:12px ui-monospace,monospace}
.lane{stroke:#e4e4e4;stroke-width:2}
.head{font-weight:bold}
.box{fill:#fff;stroke:#667;stroke-width:1}
.culprit .box{fill:#fdecea;stroke:#c30;stroke-width:2}
.step:hover .box{fill:#eef4ff}
.small{fill:#667}
path{fill:none;stroke-width:1.6}
.rf{stroke:#17803d;color:#17803d}.co{stroke:#a35200;stroke-dasharray:5 3}.hb{stroke:#3556c4;stroke-dasharray:2 3}
path:hover{stroke-width:4}
#rf:not(:checked)~svg .rf,#co:not(:checked)~svg .co,#hb:not(:checked)~svg .hb{display:none}
</style></head><body>
)";

constexpr int kBoxWidth = 250;
constexpr int kBoxHeight = 38;
constexpr int kRow = 50;
constexpr int kLane = 320;
constexpr int kTop = 44;
constexpr int kLeft = 30;
constexpr int kCharacters = 33;  // that fit into a box

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string Cut(absl::string_view text) {
  std::string out;
  int characters = 0;
  while (!text.empty()) {
    const int bytes = std::max(1, lock_order::Utf8Length(text));
    if (++characters > kCharacters) return out + "\u2026";
    absl::StrAppend(&out, text.substr(0, static_cast<std::size_t>(bytes)));
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return out;
}

// Without its directory: the hint has that.
std::string ShortWhere(const Place& place) {
  return place.where.substr(place.where.find_last_of('/') + 1);
}

class Picture {
 public:
  explicit Picture(const Execution& execution) : execution_(execution) {}

  std::string Draw() {
    const int width = kLeft * 2 + kLane * static_cast<int>(execution_.threads.size());
    const int height = kTop + kRow * static_cast<int>(execution_.steps.size()) + 10;
    absl::StrAppend(&out_, "<svg width=\"", width, "\" height=\"", height, "\" viewBox=\"0 0 ",
                    width, " ", height, "\" role=\"img\">\n<defs>");
    Marker("rf", "#17803d");
    Marker("co", "#a35200");
    Marker("hb", "#3556c4");
    absl::StrAppend(&out_, "</defs>\n");
    for (const ThreadTitle& thread : execution_.threads) {
      const int x = X(thread.id);
      absl::StrAppend(&out_, "<line class=\"lane\" x1=\"", x + kBoxWidth / 2, "\" y1=\"", kTop,
                      "\" x2=\"", x + kBoxWidth / 2, "\" y2=\"", height, "\"/><g><title>",
                      Escaped(thread.about), "</title><text class=\"head\" x=\"", x, "\" y=\"16\">",
                      Escaped(thread.title), "</text><text class=\"small\" x=\"", x, "\" y=\"32\">",
                      Escaped(Cut(thread.about)), "</text></g>\n");
    }
    for (const Step& step : execution_.steps) Box(step);
    // Above the boxes, so that a pointer finds them.
    for (const Arrow& arrow : Arrows(execution_)) Draw(arrow);
    absl::StrAppend(&out_, "</svg>\n");
    return out_;
  }

 private:
  int X(int thread) const {
    int lane = 0;
    for (const ThreadTitle& title : execution_.threads) {
      if (title.id == thread) break;
      ++lane;
    }
    return kLeft + lane * kLane;
  }
  static int Y(int number) { return kTop + (number - 1) * kRow; }
  const Step& At(int number) const {
    return execution_.steps[static_cast<std::size_t>(number - 1)];
  }

  void Marker(absl::string_view name, absl::string_view colour) {
    absl::StrAppend(&out_, "<marker id=\"m", name,
                    "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                    "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
                    "<path d=\"M0 0L8 4L0 8z\" style=\"stroke:none;fill:",
                    colour, "\"/></marker>");
  }

  void Box(const Step& step) {
    const int x = X(step.thread);
    const int y = Y(step.number);
    std::string hint = absl::StrCat("#", step.number, " ", step.what);
    if (!step.place.function.empty()) absl::StrAppend(&hint, "\n", step.place.function, "()");
    if (!step.place.where.empty()) absl::StrAppend(&hint, "\n", step.place.where);
    if (!step.place.source.empty()) absl::StrAppend(&hint, "\n", step.place.source);
    if (step.reads_from != 0) absl::StrAppend(&hint, "\nreads from #", step.reads_from);
    if (step.reads_initial) absl::StrAppend(&hint, "\nreads the initial value");
    absl::StrAppend(&out_, "<g class=\"step", step.culprit ? " culprit" : "", "\"><title>",
                    Escaped(hint), "</title><rect class=\"box\" rx=\"4\" x=\"", x, "\" y=\"", y,
                    "\" width=\"", kBoxWidth, "\" height=\"", kBoxHeight, "\"/><text x=\"", x + 6,
                    "\" y=\"", y + 15, "\">",
                    Escaped(Cut(absl::StrCat(step.number, " ", step.what))),
                    "</text><text class=\"small\" x=\"", x + 6, "\" y=\"", y + 31, "\">",
                    Escaped(Cut(absl::StrCat(ShortWhere(step.place), " ", step.place.source))),
                    "</text></g>\n");
  }

  void Draw(const Arrow& arrow) {
    const Step& from = At(arrow.from);
    const Step& to = At(arrow.to);
    const int kind = static_cast<int>(arrow.kind);
    const absl::string_view name = arrow.kind == Arrow::Kind::kReadsFrom   ? "rf"
                                   : arrow.kind == Arrow::Kind::kCoherence ? "co"
                                                                           : "hb";
    const absl::string_view words = arrow.kind == Arrow::Kind::kReadsFrom   ? "is read by"
                                    : arrow.kind == Arrow::Kind::kCoherence ? "is overwritten by"
                                                                            : "happens before";
    // Each kind has a height of its own at a box's side, so that parallel arrows stay apart.
    const int y1 = Y(from.number) + kBoxHeight / 2 + 6 * (kind - 1);
    const int y2 = Y(to.number) + kBoxHeight / 2 + 6 * (kind - 1);
    int x1 = X(from.thread);
    int x2 = X(to.thread);
    int bend1 = 0;
    int bend2 = 0;
    if (from.thread == to.thread) {
      // Around the boxes between them, on the right.
      x1 += kBoxWidth;
      x2 += kBoxWidth;
      bend1 = bend2 = std::min(kLane - kBoxWidth - 8, 16 + std::abs(y2 - y1) / 12);
    } else if (x1 < x2) {
      x1 += kBoxWidth;
      bend1 = 40;
      bend2 = -40;
    } else {
      x2 += kBoxWidth;
      bend1 = -40;
      bend2 = 40;
    }
    absl::StrAppend(&out_, "<path class=\"", name, "\" marker-end=\"url(#m", name, ")\" d=\"M", x1,
                    " ", y1, "C", x1 + bend1, " ", y1, " ", x2 + bend2, " ", y2, " ", x2, " ", y2,
                    "\"><title>#", from.number, " ", words, " #", to.number, "</title></path>\n");
  }

  const Execution& execution_;
  std::string out_;
};

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
  std::string out = absl::StrFormat(kHead, title);
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
        Picture(execution).Draw());
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
