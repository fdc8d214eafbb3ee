// SPDX-License-Identifier: Apache-2.0
//
// `heddle lockorder`: runs a command with the lock-order runtime preloaded and reports what its
// locks could do; or works on recorded graphs.
#ifndef HEDDLE_TOOLS_HEDDLE_LOCKORDER_H_
#define HEDDLE_TOOLS_HEDDLE_LOCKORDER_H_

#include <string>
#include <vector>

#include "checkers/lock_order/report/options.h"

namespace heddle {

int RunLockorder(const std::vector<std::string>& arguments);

namespace lockorder {

// Runs the command and passes its status through: 128 + N for signal N, and options.exitcode
// instead of 0 when something was found.
int RunCommand(const lock_order::Options& options, const std::vector<std::string>& command);

// Each takes what follows its name on the command line.
int Report(const lock_order::Options& options, const std::vector<std::string>& graphs);
int Merge(const std::vector<std::string>& arguments);
int Show(const std::vector<std::string>& graphs);
// `output`: a file; empty: standard output. `annotations`: for Clang instead of for --enforce.
int ShowHierarchy(const std::vector<std::string>& graphs, const std::string& output,
                  bool annotations);

// One line on standard error; returns kExitUsage.
int Usage(const std::string& problem);

}  // namespace lockorder
}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_LOCKORDER_H_
