// SPDX-License-Identifier: Apache-2.0
//
// Runs one of the programs here under the explorer.
#ifndef HEDDLE_CHECKERS_EXPLORER_PROGRAMS_RUN_PROGRAM_H_
#define HEDDLE_CHECKERS_EXPLORER_PROGRAMS_RUN_PROGRAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "checkers/explorer/report/record.h"

namespace heddle::explorer {

struct ProgramRun {
  absl::StatusOr<report::Record> record;
  std::string output;
  int status = 0;  // exit status
};

// `options` is what stands in HEDDLE_EXPLORE_OPTIONS besides the record; arguments are separated by
// spaces.
ProgramRun RunProgram(const std::string& program, const std::string& arguments,
                      const std::string& options);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_PROGRAMS_RUN_PROGRAM_H_
