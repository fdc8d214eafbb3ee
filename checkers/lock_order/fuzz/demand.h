// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_DEMAND_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_DEMAND_H_

#include <cstdio>
#include <cstdlib>
#include <string>

namespace heddle::lock_order {

// Aborts with a message unless `problem` is empty: that is a finding to a fuzzer.
inline void Demand(const std::string& problem, const char* of) {
  if (problem.empty()) return;
  std::fprintf(stderr, "%s: %s\n", of, problem.c_str());
  std::abort();
}

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_FUZZ_DEMAND_H_
