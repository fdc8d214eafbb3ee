// SPDX-License-Identifier: Apache-2.0
#include "checkers/relacy/trace.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle::relacy {
namespace {

constexpr std::size_t kColumn = 58;
// A livelock repeats itself: only the beginning and the end of a long execution are printed.
constexpr std::size_t kFirst = 60;
constexpr std::size_t kLast = 40;

std::string Place(Location where) {
  std::string_view file = where.file_name();
  if (file.empty()) return "";
  const std::size_t slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return absl::StrCat(absl::string_view(file.data(), file.size()), ":", where.line());
}

// Splits `text` into lines of at most `width` characters, at spaces where there are any.
std::vector<std::string> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    std::size_t cut = text.rfind(' ', width);
    if (cut == std::string_view::npos || cut == 0) cut = width;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (lines.size() == 1) width -= 2;  // continuation lines are indented
  }
  lines.emplace_back(text);
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i].insert(0, "  ");
  return lines;
}

}  // namespace

std::string_view OrderName(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

std::string FormatValue(ValueKind kind, std::uint64_t word) {
  if (!kind.printable) return "..";
  if (kind.is_pointer) return word == 0 ? "null" : absl::StrFormat("0x%x", word);
  if (kind.is_signed) {
    const int shift = 64 - 8 * kind.bytes;
    return absl::StrCat(static_cast<std::int64_t>(word << shift) >> shift);
  }
  // Markers such as "all ones" and high flag bits read better in hexadecimal.
  return word > 0xffff ? absl::StrFormat("0x%x", word) : absl::StrCat(word);
}

void Trace::Clear() { *this = Trace(); }

void Trace::Declare(const void* address, char prefix, std::string_view what, Location where) {
  const std::string label =
      absl::StrFormat("%c%d", prefix, ++labels_[static_cast<unsigned char>(prefix)]);
  by_address_[address] = objects_.size();
  objects_.push_back({label, absl::StrCat(absl::string_view(what.data(), what.size()),
                                          " constructed at ", Place(where))});
}

std::string Trace::Label(const void* address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? "?" : objects_[found->second].label;
}

int Trace::Add(int thread, Location where, std::string text) {
  steps_.push_back({thread, Place(where), std::move(text)});
  return static_cast<int>(steps_.size());
}

void Trace::Append(int step, std::string_view text) {
  steps_[static_cast<std::size_t>(step) - 1].text.append(text);
}

void Trace::RecordStore(std::uint64_t id, int step) { stores_[id] = step; }

int Trace::StoreStep(std::uint64_t id) const {
  const auto found = stores_.find(id);
  return found == stores_.end() ? 0 : found->second;
}

std::string Trace::Render(int threads) const {
  std::string out = "objects\n";
  for (const Object& object : objects_) {
    absl::StrAppendFormat(&out, "  %-4s %s\n", object.label, object.description);
  }
  absl::StrAppend(&out, "\nstep");
  for (int thread = 0; thread < threads; ++thread) {
    absl::StrAppendFormat(&out, " | %-*s", static_cast<int>(kColumn),
                          absl::StrCat("thread ", thread));
  }
  absl::StrAppend(&out, "\n----");
  for (int thread = 0; thread < threads; ++thread)
    absl::StrAppend(&out, "-+-", std::string(kColumn, '-'));
  out += '\n';
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_.size() > kFirst + kLast && i == kFirst) {
      i = steps_.size() - kLast;
      absl::StrAppend(&out, " .. | (", i - kFirst, " steps)\n");
    }
    const Step& step = steps_[i];
    const std::string full = absl::StrCat(step.place, step.place.empty() ? "" : "  ", step.text);
    if (step.thread == kNoThread) {
      absl::StrAppendFormat(&out, "%4d | %s\n", static_cast<int>(i + 1), full);
      continue;
    }
    bool first = true;
    for (const std::string& line : Wrap(full, kColumn)) {
      absl::StrAppendFormat(&out, "%4s", first ? absl::StrCat(i + 1) : std::string());
      for (int thread = 0; thread < threads; ++thread) {
        absl::StrAppendFormat(&out, " | %-*s", static_cast<int>(kColumn),
                              thread == step.thread ? line : std::string());
      }
      while (out.back() == ' ' || out.back() == '|') out.pop_back();
      out += '\n';
      first = false;
    }
  }
  return out;
}

}  // namespace heddle::relacy
