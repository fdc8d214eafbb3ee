// SPDX-License-Identifier: Apache-2.0
//
// Which findings not to report: one pattern a line, '#' begins a comment line.
//
//   function:GLOB   a function in one of the stacks
//   file:GLOB       a source file in one of the stacks
//   module:GLOB     an executable or library in one of the stacks
//   lock:GLOB       the name, variable or class of one of the locks
//
// '*' stands for any text and '?' for any character. A pattern is for the whole text, except that
// one without '/' is for the last part of a file's or module's path.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SUPPRESSIONS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SUPPRESSIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/model.h"

namespace heddle::lock_order {

class Suppressions {
 public:
  // Errors name the line.
  static absl::StatusOr<Suppressions> Parse(absl::string_view text);

  // Counts the finding for the first pattern that matches it.
  bool Matches(const ReportFinding& finding);

  // In the order of the file.
  std::vector<SuppressionCount> Counts() const;

 private:
  enum class Of { kFunction, kFile, kModule, kLock };
  struct Pattern {
    Of of = Of::kFunction;
    std::string glob;
    uint64_t matches = 0;
  };
  static bool Matches(const Pattern& pattern, const ReportFinding& finding);

  std::vector<Pattern> patterns_;
};

// Linear in the product of the lengths, whatever the pattern.
bool GlobMatches(absl::string_view glob, absl::string_view text);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SUPPRESSIONS_H_
