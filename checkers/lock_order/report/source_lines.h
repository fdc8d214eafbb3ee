// SPDX-License-Identifier: Apache-2.0
//
// The text of source lines, where the sources are at hand and as old as the program.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SOURCE_LINES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SOURCE_LINES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

class SourceLines {
 public:
  // Relative files are looked for where the compiler ran, then below `directory`.
  explicit SourceLines(std::string directory) : directory_(std::move(directory)) {}

  // The frame's line; nothing if it cannot be read, or was changed after the program was built.
  std::optional<std::string> At(const ReportFrame& frame);

  const std::string& directory() const { return directory_; }

 private:
  struct File {
    std::vector<std::string> lines;
    int64_t modified = 0;  // nanoseconds
  };
  const File& Read(const std::string& path);

  std::string directory_;
  absl::flat_hash_map<std::string, File> files_;
};

// The line, and below it a caret at `column` (from 1, in bytes; 0: not known, no caret). Each line
// ends with a newline and begins with `margin` blanks. Long lines are cut around the column.
std::string Excerpt(absl::string_view text, int line, int column, int margin);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SOURCE_LINES_H_
