// SPDX-License-Identifier: Apache-2.0
//
// An execution for a terminal: one column for each thread, or where that is too narrow one block.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_TEXT_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_TEXT_H_

#include <string>

#include "checkers/explorer/report/execution.h"

namespace heddle::explorer::report {

struct TextOptions {
  int width = 120;
  // A shell command; the last line.
  std::string replay_command;
};

std::string FormatText(const Execution& execution, const TextOptions& options);

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_TEXT_H_
