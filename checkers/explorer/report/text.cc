// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/report/text.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::explorer::report {
namespace {

// Of the number before a step.
constexpr int kMargin = 5;
// A thread's column; narrower ones are not read with pleasure.
constexpr int kNarrowest = 34;
constexpr int kGap = 2;

// Characters, not bytes.
int Width(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    text.remove_prefix(std::max(1, lock_order::Utf8Length(text)));
    ++width;
  }
  return width;
}

// At most `width` characters.
std::string Cut(absl::string_view text, int width) {
  if (Width(text) <= width) return std::string(text);
  std::string out;
  for (int i = 0; i + 3 < width; ++i) {
    const int bytes = std::max(1, lock_order::Utf8Length(text));
    absl::StrAppend(&out, text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return out + "...";
}

// A place in `width` characters, without as many of its directories as that takes: never without
// the file and the line.
std::string FitPlace(absl::string_view where, int width) {
  std::string shown(where);
  while (Width(shown) > width && absl::StrContains(where, '/')) {
    where.remove_prefix(where.find('/') + 1);
    shown = absl::StrCat(".../", where);
  }
  return shown;
}

// Lines of at most `width` characters, broken at blanks where there are any.
std::vector<std::string> Wrap(absl::string_view text, int width) {
  std::vector<std::string> lines;
  while (Width(text) > width) {
    std::size_t bytes = 0;
    std::size_t blank = 0;
    for (int i = 0; i < width; ++i) {
      if (text[bytes] == ' ' && bytes > 0) blank = bytes;
      bytes += std::max(1, lock_order::Utf8Length(text.substr(bytes)));
    }
    if (bytes < text.size() && text[bytes] == ' ') blank = bytes;
    const std::size_t end = blank > 0 ? blank : bytes;
    lines.emplace_back(absl::StripTrailingAsciiWhitespace(text.substr(0, end)));
    text.remove_prefix(end);
    while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

std::string Operation(const Step& step) {
  std::string text = step.what;
  if (step.reads_from != 0) absl::StrAppend(&text, "  (from #", step.reads_from, ")");
  if (step.reads_initial) absl::StrAppend(&text, "  (initial)");
  return text;
}

// In a column a directory would leave no room for the line itself.
std::string PlaceText(const Step& step, bool directory) {
  const Place& place = step.place;
  std::string where = place.where;
  if (!directory) where.erase(0, where.find_last_of('/') + 1);
  return absl::StrCat(where, place.source.empty() ? "" : "  ", place.source);
}

// Where the coherence order is not the order of the steps, in words.
std::vector<std::string> OutOfOrder(const Execution& execution) {
  std::vector<std::string> lines;
  for (const Step& later : execution.steps) {
    for (const Step& earlier : execution.steps) {
      if (earlier.number < later.number && later.co != 0 && earlier.co > later.co &&
          earlier.location == later.location) {
        lines.push_back(absl::StrCat("#", later.number, " comes before #", earlier.number,
                                     " in the order of writes to its location"));
      }
    }
  }
  return lines;
}

void AppendColumns(const Execution& execution, int column, std::string& out) {
  const auto at = [&](int thread) {
    int index = 0;
    for (const ThreadTitle& title : execution.threads) {
      if (title.id == thread) return index;
      ++index;
    }
    return 0;
  };
  const auto line = [&](absl::string_view margin, int index, absl::string_view text) {
    const int indent = index * (column + kGap);
    absl::StrAppend(&out, absl::StrFormat("%*s  ", kMargin - 1, margin), std::string(indent, ' '),
                    text, "\n");
  };
  std::string heading(kMargin + 1, ' ');
  for (const ThreadTitle& title : execution.threads) {
    const std::string shown = Cut(title.title, column);
    const bool last = &title == &execution.threads.back();
    absl::StrAppend(&heading, shown, last ? "" : std::string(column + kGap - Width(shown), ' '));
  }
  absl::StrAppend(&out, heading, "\n");
  for (const Step& step : execution.steps) {
    const int index = at(step.thread);
    std::string number = absl::StrCat(step.culprit ? ">" : "", step.number);
    for (const std::string& text : Wrap(Operation(step), column)) {
      line(number, index, text);
      number.clear();
    }
    if (step.place.where.empty()) continue;
    line("", index, Cut(absl::StrCat("  ", PlaceText(step, false)), column));
  }
}

void AppendBlocks(const Execution& execution, int width, std::string& out) {
  for (const ThreadTitle& title : execution.threads) {
    absl::StrAppend(&out, title.title, title.about.empty() ? "" : ": ", title.about, "\n");
    for (const Step& step : execution.steps) {
      if (step.thread != title.id) continue;
      const std::string number = absl::StrCat(step.culprit ? ">" : "", step.number);
      absl::StrAppend(&out, absl::StrFormat("%*s  ", kMargin - 1, number), Operation(step), "\n");
      if (step.place.where.empty()) continue;
      const int room = width - kMargin - 3;
      const std::string where =
          absl::StrCat(FitPlace(step.place.where, room), "  ", step.place.source);
      absl::StrAppend(&out, std::string(kMargin + 3, ' '), Cut(where, room), "\n");
    }
  }
}

void AppendStack(const std::vector<Place>& stack, int width, std::string& out) {
  for (const Place& place : stack) {
    const int function = place.function.empty() ? 0 : Width(place.function) + 2;
    const std::string where = FitPlace(place.where, width - 6 - function);
    absl::StrAppend(&out, "      ", Cut(place.function, std::max(0, width - 8 - Width(where))),
                    function == 0 ? "" : "  ", where, "\n");
    if (!place.source.empty()) {
      absl::StrAppend(&out, "        ", Cut(place.source, width - 8), "\n");
    }
  }
}

}  // namespace

std::string FormatText(const Execution& execution, const TextOptions& options) {
  std::string out;
  if (!execution.headline.empty()) absl::StrAppend(&out, execution.headline, "\n");
  for (const Remark& remark : execution.remarks) {
    absl::StrAppend(&out, "  ", remark.text, remark.stack.empty() ? "\n" : ":\n");
    AppendStack(remark.stack, options.width, out);
  }
  if (!execution.steps.empty()) {
    absl::StrAppend(&out, "\nthe execution (#: the order in which the steps take effect)\n");
    const int threads = static_cast<int>(execution.threads.size());
    const int column = (options.width - kMargin - 1 - (threads - 1) * kGap) / threads;
    if (column >= kNarrowest) {
      for (const ThreadTitle& title : execution.threads) {
        if (title.about.empty()) continue;
        absl::StrAppend(&out, "  ", title.title, ": ", title.about, "\n");
      }
      AppendColumns(execution, column, out);
    } else {
      AppendBlocks(execution, options.width, out);
    }
    if (execution.left_out > 0) absl::StrAppend(&out, "  ", LeftOut(execution), "\n");
    for (const std::string& line : OutOfOrder(execution)) absl::StrAppend(&out, "  ", line, "\n");
  }
  if (!execution.output.empty()) absl::StrAppend(&out, "\nthe program's output in it\n");
  for (const std::string& line : execution.output) absl::StrAppend(&out, "  ", line, "\n");
  for (const std::string& note : execution.notes) absl::StrAppend(&out, "note: ", note, "\n");
  if (!options.replay_command.empty()) {
    absl::StrAppend(&out, "\nreplay it:  ", options.replay_command, "\n");
  }
  return out;
}

}  // namespace heddle::explorer::report
