// SPDX-License-Identifier: Apache-2.0
//
// heddle bench: every primitive against its reference, measured in the same run
// (bench_comparison.h says how they are compared).
#ifndef HEDDLE_TOOLS_HEDDLE_BENCH_H_
#define HEDDLE_TOOLS_HEDDLE_BENCH_H_

#include <string>
#include <vector>

namespace heddle {

int RunBench(const std::vector<std::string>& arguments);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_BENCH_H_
