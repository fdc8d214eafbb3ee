// SPDX-License-Identifier: Apache-2.0
//
// heddle bench lock_order: what recording a program's lock order costs, beside others that check
// it, in one run. Each repetition runs each shape once in each way, right after one another.
#ifndef HEDDLE_TOOLS_HEDDLE_BENCH_LOCK_ORDER_H_
#define HEDDLE_TOOLS_HEDDLE_BENCH_LOCK_ORDER_H_

#include <string>
#include <vector>

namespace heddle {

struct LockOrderBenchOptions {
  int repetitions = 9;
  bool quick = false;  // a tenth of the work
  bool list = false;
  std::string json;  // file to write to
};

// `patterns`: parts of the rows' names; none: all.
int RunLockOrderBench(const std::vector<std::string>& patterns,
                      const LockOrderBenchOptions& options);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_BENCH_LOCK_ORDER_H_
