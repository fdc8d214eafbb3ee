// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/html_graph.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkers/lock_order/report/html.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

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
          labels_.push_back(Printable(absl::StrCat(lock.id, " ", lock.label)));
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

}  // namespace

std::string DrawLocks(const Report& report) {
  const Drawing drawing(report);
  return drawing.empty() ? "" : drawing.Svg();
}

}  // namespace heddle::lock_order
