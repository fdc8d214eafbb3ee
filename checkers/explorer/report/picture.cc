// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/picture.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/html.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::explorer::report {

const char kPictureStyle[] = R"(
svg{display:block}
svg text{font:12px ui-monospace,monospace}
.heads{position:sticky;top:0;background:#fffe;border-bottom:1px solid #ccc;height:36px;margin-top:8px}
.heads span{position:absolute;font:12px ui-monospace,monospace;white-space:pre;overflow:hidden}
.heads .head{font-weight:bold}
.lane{stroke:#e4e4e4;stroke-width:2}
.box{fill:#fff;stroke:#667;stroke-width:1}
.culprit .box{fill:#fdecea;stroke:#c30;stroke-width:2}
.step:hover .box{fill:#eef4ff}
.small{fill:#667;color:#667}
path{fill:none;stroke-width:1.6}
.rf{stroke:#17803d}.co{stroke:#a35200;stroke-dasharray:5 3}.hb{stroke:#3556c4;stroke-dasharray:2 3}
label[for=rf]{color:#17803d}label[for=co]{color:#a35200}label[for=hb]{color:#3556c4}
path:hover{stroke-width:4}
#rf:not(:checked)~svg .rf,#co:not(:checked)~svg .co,#hb:not(:checked)~svg .hb{display:none}
)";

namespace {

constexpr int kBoxWidth = 300;
constexpr int kBoxHeight = 38;
constexpr int kRow = 48;
constexpr int kGap = 96;  // between columns
constexpr int kTop = 10;
constexpr int kLeft = 20;
constexpr int kCharacters = 39;  // that fit into a box
// Of arrows side by side in a gap.
constexpr int kFirstTrack = 12;
constexpr int kTrack = 7;
constexpr int kTracks = (kGap - 2 * kFirstTrack) / kTrack + 1;
// Each kind of arrow has a height of its own at a box's side.
constexpr int kApart = 9;
constexpr int kRadius = 5;

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

struct Colour {
  absl::string_view name;
  absl::string_view colour;
  absl::string_view words;
};

// By Arrow::Kind.
constexpr std::array<Colour, 3> kColours = {{{"rf", "#17803d", "is read by"},
                                             {"co", "#a35200", "is overwritten by"},
                                             {"hb", "#3556c4", "happens before"}}};

class Drawing {
 public:
  explicit Drawing(const Execution& execution) : execution_(execution) {}

  std::string Draw() {
    const int lanes = static_cast<int>(execution_.threads.size());
    const int width = kLeft + lanes * (kBoxWidth + kGap);
    const int height = kTop + kRow * static_cast<int>(execution_.steps.size()) + 10;
    Heads(width);
    absl::StrAppend(&out_, "<svg width=\"", width, "\" height=\"", height, "\" viewBox=\"0 0 ",
                    width, " ", height, "\" role=\"img\">\n<defs>");
    for (const Colour& colour : kColours) Marker(colour);
    absl::StrAppend(&out_, "</defs>\n");
    for (const ThreadTitle& thread : execution_.threads) {
      const int x = X(Lane(thread.id)) + kBoxWidth / 2;
      absl::StrAppend(&out_, "<line class=\"lane\" x1=\"", x, "\" y1=\"0\" x2=\"", x, "\" y2=\"",
                      height, "\"/>\n");
    }
    for (const Step& step : execution_.steps) Box(step);
    for (const Arrow& arrow : ByLength()) Draw(arrow);
    absl::StrAppend(&out_, "</svg>\n");
    return out_;
  }

 private:
  int Lane(int thread) const {
    int lane = 0;
    for (const ThreadTitle& title : execution_.threads) {
      if (title.id == thread) break;
      ++lane;
    }
    return lane;
  }
  static int X(int lane) { return kLeft + lane * (kBoxWidth + kGap); }
  static int Y(int number) { return kTop + (number - 1) * kRow; }
  const Step& At(int number) const {
    return execution_.steps[static_cast<std::size_t>(number - 1)];
  }

  void Heads(int width) {
    absl::StrAppend(&out_, "<div class=\"heads\" style=\"width:", width, "px\">");
    for (const ThreadTitle& thread : execution_.threads) {
      const int x = X(Lane(thread.id));
      absl::StrAppend(&out_, "<span class=\"head\" style=\"left:", x, "px;top:2px\">",
                      Escaped(thread.title), "</span><span class=\"small\" style=\"left:", x,
                      "px;top:18px;width:", kBoxWidth + kGap / 2, "px\" title=\"",
                      Escaped(thread.about), "\">", Escaped(Cut(thread.about)), "</span>");
    }
    absl::StrAppend(&out_, "</div>\n");
  }

  void Marker(const Colour& colour) {
    absl::StrAppend(&out_, "<marker id=\"m", colour.name,
                    "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
                    "markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
                    "<path d=\"M0 0L8 4L0 8z\" style=\"stroke:none;fill:",
                    colour.colour, "\"/></marker>");
  }

  void Box(const Step& step) {
    const int x = X(Lane(step.thread));
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

  // Short ones first: they get the tracks next to the boxes.
  std::vector<Arrow> ByLength() const {
    std::vector<Arrow> arrows = Arrows(execution_);
    const auto key = [](const Arrow& arrow) {
      return std::tuple(std::abs(arrow.to - arrow.from), arrow.from, arrow.to, arrow.kind);
    };
    std::sort(arrows.begin(), arrows.end(),
              [&](const Arrow& a, const Arrow& b) { return key(a) < key(b); });
    return arrows;
  }

  // A track in the gap on which nothing else is drawn between the rows; where all are taken, any.
  // Tracks are counted from the column on the gap's left.
  int Track(int gap, int from, int to, bool from_left) {
    std::vector<std::vector<Rows>>& tracks = taken_[gap];
    tracks.resize(kTracks);
    const Rows wanted{.first = std::min(from, to), .last = std::max(from, to)};
    for (int i = 0; i < kTracks; ++i) {
      const int track = from_left ? i : kTracks - 1 - i;
      std::vector<Rows>& rows = tracks[static_cast<std::size_t>(track)];
      const bool is_free = std::none_of(rows.begin(), rows.end(), [&](const Rows& other) {
        return other.first <= wanted.last && wanted.first <= other.last;
      });
      if (!is_free) continue;
      rows.push_back(wanted);
      return track;
    }
    return (from + to) % kTracks;
  }

  void Draw(const Arrow& arrow) {
    const Step& from = At(arrow.from);
    const Step& to = At(arrow.to);
    const int kind = static_cast<int>(arrow.kind);
    const int lane = Lane(from.thread);
    const int other = Lane(to.thread);
    const int y1 = Y(from.number) + kBoxHeight / 2 + kApart * (kind - 1);
    const int y2 = Y(to.number) + kBoxHeight / 2 + kApart * (kind - 1);
    const bool leftwards = other < lane;
    const int gap = leftwards ? lane - 1 : lane;
    const int x1 = X(lane) + (leftwards ? 0 : kBoxWidth);
    const int x2 = X(other) + (other > lane ? 0 : kBoxWidth);
    const int track = Track(gap, from.number, to.number, !leftwards);
    const int x = X(gap) + kBoxWidth + kFirstTrack + track * kTrack;
    const int out = x > x1 ? kRadius : -kRadius;
    const int in = x2 > x ? kRadius : -kRadius;
    const int down = y2 > y1 ? kRadius : -kRadius;
    const Colour& colour = kColours[static_cast<std::size_t>(kind)];
    absl::StrAppend(&out_, "<path class=\"", colour.name, "\" marker-end=\"url(#m", colour.name,
                    ")\" d=\"M", x1, " ", y1, "H", x - out, "Q", x, " ", y1, " ", x, " ", y1 + down,
                    "V", y2 - down, "Q", x, " ", y2, " ", x + in, " ", y2, "H", x2, "\"><title>#",
                    from.number, " ", colour.words, " #", to.number, "</title></path>\n");
  }

  struct Rows {
    int first;
    int last;
  };

  const Execution& execution_;
  std::map<int, std::vector<std::vector<Rows>>> taken_;  // by gap and track
  std::string out_;
};

}  // namespace

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string Picture(const Execution& execution) { return Drawing(execution).Draw(); }

}  // namespace heddle::explorer::report
