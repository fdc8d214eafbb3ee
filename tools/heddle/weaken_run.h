// SPDX-License-Identifier: Apache-2.0
//
// What `heddle weaken` and `heddle explore --weaken` have in common.
#ifndef HEDDLE_TOOLS_HEDDLE_WEAKEN_RUN_H_
#define HEDDLE_TOOLS_HEDDLE_WEAKEN_RUN_H_

#include <string>
#include <vector>

#include "tools/heddle/weaken.h"

namespace heddle::weaken {

struct Reports {
  std::string command;  // that speaks, in messages
  std::string json;     // files; empty: not wanted
  std::string markdown;
  std::string made_by;  // the command that the Markdown names
  std::string reasons;  // a file that ParseReasons() takes
  bool quiet = false;   // no progress
};

// Explores, prints the table and writes the reports. `settings` need no jobs, progress or
// directory. Returns an exit status.
int RunWeakening(std::vector<Subject> subjects, Settings settings, const Reports& reports);

}  // namespace heddle::weaken

#endif  // HEDDLE_TOOLS_HEDDLE_WEAKEN_RUN_H_
