// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/source_lines.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/places.h"
#include "checkers/lock_order/report/printable.h"

namespace heddle::lock_order {
namespace {

constexpr off_t kMostBytes = 8 << 20;
constexpr int kWidth = 88;

int64_t Modified(const struct stat& status) {
  return int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace

// The path stands in the program: it may name anything, so only regular files are read.
const SourceLines::File& SourceLines::Read(const std::string& path) {
  const auto [at, added] = files_.try_emplace(path);
  if (!added) return at->second;
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return at->second;
  struct stat status{};
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= kMostBytes) {
    std::string text(status.st_size, '\0');
    std::size_t have = 0;
    for (ssize_t got = 1; got > 0 && have < text.size(); have += got) {
      got = read(file, text.data() + have, text.size() - have);
      if (got < 0) break;
    }
    text.resize(have);
    at->second = {.lines = absl::StrSplit(text, '\n'), .modified = Modified(status)};
  }
  close(file);
  return at->second;
}

std::optional<std::string> SourceLines::At(const ReportFrame& frame) {
  if (frame.file.empty() || frame.line < 1) return std::nullopt;
  std::vector<std::string> paths;
  if (frame.file[0] == '/') {
    paths = {frame.file, absl::StrCat(directory_, "/", ShortPath(frame.file, ""))};
  } else {
    if (!frame.directory.empty()) paths.push_back(absl::StrCat(frame.directory, "/", frame.file));
    paths.push_back(absl::StrCat(directory_, "/", frame.file));
  }
  for (const std::string& path : paths) {
    const File& file = Read(path);
    if (file.lines.empty()) continue;
    struct stat built{};
    if (stat(frame.module.c_str(), &built) != 0 || file.modified > Modified(built) ||
        static_cast<std::size_t>(frame.line) > file.lines.size()) {
      return std::nullopt;
    }
    return file.lines[frame.line - 1];
  }
  return std::nullopt;
}

std::string Excerpt(absl::string_view text, int line, int column, int margin) {
  // Character by character: what is printed for one may be longer than one column.
  std::vector<std::string> cells;
  int caret = -1;
  for (int at = 0; !text.empty();) {
    const int length = std::max(1, Utf8Length(text));
    if (at < column && column <= at + length) caret = static_cast<int>(cells.size());
    const absl::string_view one = text.substr(0, length);
    if (one == "\t") {
      cells.insert(cells.end(), 4, " ");
    } else if (one != "\r") {
      const std::string shown = Printable(one);
      if (shown == one) {
        cells.push_back(shown);
      } else {
        for (const char c : shown) cells.emplace_back(1, c);
      }
    }
    text.remove_prefix(length);
    at += length;
  }
  while (!cells.empty() && cells.back() == " ") cells.pop_back();
  const int size = static_cast<int>(cells.size());
  if (caret >= size) caret = -1;
  int begin = 0;
  if (size > kWidth) begin = std::clamp(caret - kWidth / 2, 0, size - kWidth);
  const int end = std::min(size, begin + kWidth);
  const std::string number = absl::StrFormat("%*d | ", 4, line);
  std::string out = absl::StrCat(std::string(margin, ' '), number, begin > 0 ? "..." : "");
  for (int i = begin; i < end; ++i) out += cells[i];
  absl::StrAppend(&out, end < size ? "...\n" : "\n");
  if (column < 1 || caret < begin) return out;
  const std::size_t before = caret - begin + (begin > 0 ? 3 : 0);
  absl::StrAppend(&out, std::string(margin + number.size() - 2, ' '), "| ",
                  std::string(before, ' '), "^\n");
  return out;
}

}  // namespace heddle::lock_order
