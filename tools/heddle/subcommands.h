// SPDX-License-Identifier: Apache-2.0
//
// The subcommands of `heddle`. Each takes its arguments (without its own name) and returns the exit
// status of the launcher's contract (checkers/scenario/command_line.h).
#ifndef HEDDLE_TOOLS_HEDDLE_SUBCOMMANDS_H_
#define HEDDLE_TOOLS_HEDDLE_SUBCOMMANDS_H_

#include <string>
#include <vector>

namespace heddle {

int RunCheck(const std::vector<std::string>& arguments);
int RunStress(const std::vector<std::string>& arguments);
int RunGenerate(const std::vector<std::string>& arguments);  // heddle stress --generate

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_SUBCOMMANDS_H_
