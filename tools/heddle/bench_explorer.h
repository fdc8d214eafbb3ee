// SPDX-License-Identifier: Apache-2.0
//
// heddle bench explorer: how fast the explorer is, in one run: on its own programs, with one
// process and with two, beside GenMC where that is installed, and on the repository's scenarios
// beside Relacy.
#ifndef HEDDLE_TOOLS_HEDDLE_BENCH_EXPLORER_H_
#define HEDDLE_TOOLS_HEDDLE_BENCH_EXPLORER_H_

#include <string>
#include <vector>

namespace heddle {

struct ExplorerBenchOptions {
  int repetitions = 9;
  bool quick = false;  // less memory is looked at
  bool list = false;
  std::string json;   // file to write to
  std::string genmc;  // program
};

// `patterns`: parts of the rows' names; none: all.
int RunExplorerBench(const std::vector<std::string>& patterns, const ExplorerBenchOptions& options);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_BENCH_EXPLORER_H_
