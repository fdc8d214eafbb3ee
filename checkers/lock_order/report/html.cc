// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/html.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {
namespace {

constexpr char kHead[] = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Lock order</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:0;color:#1c1c1c;background:#fff}
h1{font-size:18px;margin:12px 16px}
#graph{width:100%;height:55vh;border-block:1px solid #ccc;background:#fafafa;cursor:grab;touch-action:none}
.lock rect{fill:#fff;stroke:#446;stroke-width:1.5}
.lock text{font-size:13px;text-anchor:middle;dominant-baseline:central}
.edge{cursor:pointer}
.edge path{fill:none;stroke:#667;stroke-width:2}
.edge .wide{stroke:transparent;stroke-width:14}
.edge:hover .line,.edge.open .line{stroke:#c30;stroke-width:3}
.edge.deadlock .line{stroke:#c30}
main{margin:16px;max-width:1100px}
section{border:1px solid #ccc;border-radius:6px;margin:12px 0;padding:4px 14px}
section.open{border-color:#c30}
h2{font-size:15px;margin:8px 0}
pre{background:#f4f4f4;padding:8px;overflow:auto;font-size:12px;margin:4px 0}
details{margin:6px 0}summary{cursor:pointer}
</style></head><body>
)";

constexpr char kScript[] = R"(<script>
(() => {
  const svg = document.getElementById('graph');
  if (!svg) return;
  const box = svg.viewBox.baseVal;
  const point = (e) => {
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [p.x, p.y];
  };
  svg.addEventListener('wheel', (e) => {
    e.preventDefault();
    const [x, y] = point(e), k = Math.exp(e.deltaY * 0.0015);
    box.x = x - (x - box.x) * k; box.y = y - (y - box.y) * k;
    box.width *= k; box.height *= k;
  }, {passive: false});
  let from = null, moved = false;
  svg.addEventListener('pointerdown', (e) => { from = point(e); moved = false; });
  window.addEventListener('pointermove', (e) => {
    if (!from) return;
    const [x, y] = point(e);
    if (Math.hypot(x - from[0], y - from[1]) > box.width / 200) moved = true;
    box.x -= x - from[0]; box.y -= y - from[1];
  });
  window.addEventListener('pointerup', () => { from = null; });
  const open = (edge) => {
    for (const old of document.querySelectorAll('.open')) old.classList.remove('open');
    edge.classList.add('open');
    const details = document.getElementById(edge.dataset.details);
    details.open = true;
    details.closest('section').classList.add('open');
    details.scrollIntoView({block: 'nearest'});
  };
  for (const edge of svg.querySelectorAll('.edge')) {
    edge.addEventListener('click', () => { if (!moved) open(edge); });
    edge.addEventListener('keydown', (e) => { if (e.key === 'Enter') open(edge); });
  }
})();
</script>
)";

struct Point {
  double x = 0;
  double y = 0;
};

// The drawing: each connected group of locks on a circle, the groups in rows.
class Drawing {
 public:
  explicit Drawing(const Report& report) : report_(report) {
    for (const ReportFinding& finding : report.findings) {
      std::vector<std::size_t> numbers;
      for (const ReportLock& lock : finding.locks) {
        const auto [at, added] = number_.try_emplace(lock.id, labels_.size());
        if (added) {
          labels_.push_back(absl::StrCat(lock.id, " ", lock.label));
          group_.push_back(group_.size());
        }
        numbers.push_back(at->second);
      }
      for (const std::size_t number : numbers) group_[Find(number)] = Find(numbers[0]);
    }
    Place();
  }

  bool empty() const { return labels_.empty(); }

  std::string Svg() const {
    std::string out = absl::StrFormat(
        "<svg id=\"graph\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Locks and the "
        "orders "
        "they are taken in\">\n<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" "
        "refY=\"5\" "
        "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 10 5 0 10z\" "
        "fill=\"#667\"/></marker></defs>\n",
        width_, height_);
    std::map<std::pair<std::size_t, std::size_t>, int> parallel;
    for (std::size_t f = 0; f < report_.findings.size(); ++f) {
      const ReportFinding& finding = report_.findings[f];
      for (std::size_t e = 0; e < finding.edges.size(); ++e) {
        const ReportEdge& edge = finding.edges[e];
        const std::size_t from = number_.at(finding.locks[edge.from].id);
        const std::size_t to = number_.at(finding.locks[edge.to].id);
        const std::string path = Curve(from, to, parallel[{from, to}]++);
        absl::StrAppend(
            &out, "<g class=\"edge", finding.kind == "deadlock" ? " deadlock" : "",
            "\" tabindex=\"0\" data-details=\"e", f, "-", e, "\"><title>",
            EscapeHtml(absl::StrCat(f + 1, ": ", edge.thread)), "</title><path class=\"wide\" d=\"",
            path, "\"/><path class=\"line\" marker-end=\"url(#tip)\" d=\"", path, "\"/></g>\n");
      }
    }
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const std::string& label = labels_[i];
      const double w = BoxWidth(i);
      absl::StrAppendFormat(&out,
                            "<g class=\"lock\"><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" "
                            "width=\"%.1f\" height=\"28\" rx=\"5\"/><text x=\"%.1f\" y=\"%.1f\">%s"
                            "</text></g>\n",
                            EscapeHtml(label), at_[i].x - w / 2, at_[i].y - 14, w, at_[i].x,
                            at_[i].y, EscapeHtml(Short(label)));
    }
    return out + "</svg>\n";
  }

 private:
  static constexpr std::size_t kLongest = 24;

  static std::string Short(const std::string& label) {
    if (label.size() <= kLongest) return label;
    std::size_t end = kLongest - 1;
    while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xc0) == 0x80) --end;
    return label.substr(0, end) + "…";
  }

  double BoxWidth(std::size_t lock) const {
    return 24 + 7.5 * static_cast<double>(std::min(labels_[lock].size(), kLongest));
  }

  std::size_t Find(std::size_t lock) {
    while (group_[lock] != lock) lock = group_[lock] = group_[group_[lock]];
    return lock;
  }

  void Place() {
    at_.resize(labels_.size());
    std::map<std::size_t, std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < labels_.size(); ++i) members[Find(i)].push_back(i);
    constexpr double kRow = 1600;
    double x = 0;
    double y = 0;
    double row_height = 0;
    for (const auto& [group, locks] : members) {
      const auto n = static_cast<double>(locks.size());
      const double radius = locks.size() == 1 ? 0 : std::max(130.0, n * 75 / std::numbers::pi);
      const double size = 2 * radius + 260;
      if (x > 0 && x + size > kRow) {
        x = 0;
        y += row_height;
        row_height = 0;
      }
      for (std::size_t i = 0; i < locks.size(); ++i) {
        const double angle = std::numbers::pi * (1 + 2 * static_cast<double>(i) / n);
        at_[locks[i]] = {x + size / 2 + radius * std::cos(angle),
                         y + (size - 120) / 2 + radius * std::sin(angle)};
      }
      x += size;
      width_ = std::max(width_, x);
      row_height = std::max(row_height, size - 120);
      height_ = std::max(height_, y + row_height);
    }
  }

  // From box to box, bent so that opposite and parallel edges are apart.
  std::string Curve(std::size_t from, std::size_t to, int already) const {
    const Point a = at_[from];
    const Point b = at_[to];
    if (from == to) {
      return absl::StrFormat("M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f", a.x - 20, a.y - 14,
                             a.x - 50, a.y - 80 - 20 * already, a.x + 50, a.y - 80 - 20 * already,
                             a.x + 20, a.y - 16);
    }
    const double dx = b.x - a.x;
    const double dy = b.y - a.y;
    const double length = std::max(1.0, std::hypot(dx, dy));
    const double bend = 0.16 * length + 26 * already;
    const Point middle = {(a.x + b.x) / 2 - dy / length * bend,
                          (a.y + b.y) / 2 + dx / length * bend};
    const Point start = Border(from, middle);
    const Point end = Border(to, middle);
    return absl::StrFormat("M%.1f %.1f Q%.1f %.1f %.1f %.1f", start.x, start.y, middle.x, middle.y,
                           end.x, end.y);
  }

  // Where the line from the middle of a lock's box towards `p` leaves the box.
  Point Border(std::size_t lock, Point p) const {
    const Point c = at_[lock];
    const double dx = p.x - c.x;
    const double dy = p.y - c.y;
    const double scale = std::min(dx == 0 ? 1e9 : (BoxWidth(lock) / 2 + 2) / std::abs(dx),
                                  dy == 0 ? 1e9 : 16 / std::abs(dy));
    return {c.x + dx * std::min(scale, 1.0), c.y + dy * std::min(scale, 1.0)};
  }

  const Report& report_;
  std::map<std::string, std::size_t> number_;  // by lock id
  std::vector<std::string> labels_;
  std::vector<std::size_t> group_;  // union-find
  std::vector<Point> at_;
  double width_ = 400;
  double height_ = 200;
};

std::string Frames(const std::vector<ReportFrame>& frames) {
  std::string out = "<pre>";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const ReportFrame& frame = frames[i];
    absl::StrAppend(&out, "#", i, " ",
                    EscapeHtml(frame.function.empty() ? absl::StrCat("0x", absl::Hex(frame.pc))
                                                      : frame.function));
    if (!frame.file.empty()) {
      absl::StrAppend(&out, " ", EscapeHtml(frame.file),
                      frame.line > 0 ? absl::StrCat(":", frame.line) : "");
    } else if (!frame.module.empty()) {
      absl::StrAppend(&out, " (", EscapeHtml(frame.module), "+0x", absl::Hex(frame.offset), ")");
    }
    absl::StrAppend(&out, frame.inlined ? " (inlined)\n" : "\n");
  }
  return out + "</pre>";
}

std::string Stack(const ReportStack& stack) {
  return absl::StrCat("<p>", EscapeHtml(stack.title), "</p>", Frames(stack.frames), "\n");
}

std::string Section(const ReportFinding& finding, std::size_t number) {
  std::string out = absl::StrCat("<section id=\"f", number, "\"><h2>", number + 1, ". ",
                                 EscapeHtml(finding.headline), "</h2>\n");
  if (!finding.path.empty())
    absl::StrAppend(&out, "<p><b>", EscapeHtml(finding.path), "</b></p>\n");
  absl::StrAppend(&out, "<ul>");
  for (const ReportLock& lock : finding.locks) {
    absl::StrAppend(
        &out, "<li>", EscapeHtml(absl::StrCat(lock.id, ": ", lock.kind, " ", lock.label)),
        lock.address != 0 ? absl::StrCat(" (0x", absl::Hex(lock.address), ")") : "", "</li>");
  }
  absl::StrAppend(&out, "</ul>\n");
  for (std::size_t e = 0; e < finding.edges.size(); ++e) {
    const ReportEdge& edge = finding.edges[e];
    absl::StrAppend(&out, "<details id=\"e", number, "-", e, "\"><summary>",
                    EscapeHtml(absl::StrCat(finding.locks[edge.from].id, " → ",
                                            finding.locks[edge.to].id, ", ", edge.thread)),
                    "</summary>\n");
    for (const ReportStack& stack : edge.stacks) absl::StrAppend(&out, Stack(stack));
    absl::StrAppend(&out, "</details>\n");
  }
  for (const ReportStack& stack : finding.stacks) absl::StrAppend(&out, Stack(stack));
  for (const std::string& remark : finding.remarks) {
    absl::StrAppend(&out, "<p>", EscapeHtml(remark), "</p>\n");
  }
  if (!finding.advice.empty()) {
    absl::StrAppend(&out, "<p><b>What to do:</b> ", EscapeHtml(finding.advice), "</p>\n");
  }
  if (finding.similar > 0) {
    absl::StrAppend(&out, "<p>The same code makes ", finding.similar,
                    " more such cycles of other locks.</p>\n");
  }
  return out + "</section>\n";
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return result;
}

std::string ReportAsHtml(const Report& report) {
  const Drawing drawing(report);
  std::string out =
      absl::StrCat(kHead, "<h1>Lock order: ", report.findings.size(), " finding(s)</h1>\n");
  if (!drawing.empty()) absl::StrAppend(&out, drawing.Svg());
  absl::StrAppend(&out, "<main>\n");
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    absl::StrAppend(&out, Section(report.findings[i], i));
  }
  for (const SuppressionCount& count : report.suppressions) {
    absl::StrAppend(&out, "<p>Suppressed ", count.matches, ": ", EscapeHtml(count.pattern),
                    "</p>\n");
  }
  for (const std::string& note : report.notes) {
    absl::StrAppend(&out, "<p>Note: ", EscapeHtml(note), "</p>\n");
  }
  return absl::StrCat(out, "</main>\n", kScript, "</body></html>\n");
}

}  // namespace heddle::lock_order
