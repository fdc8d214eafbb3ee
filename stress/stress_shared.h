// SPDX-License-Identifier: Apache-2.0
//
// SimShared's view of real threads. Real processes are killed in stress/process_fault_test.cc.
#ifndef HEDDLE_STRESS_STRESS_SHARED_H_
#define HEDDLE_STRESS_STRESS_SHARED_H_

#include <cstdint>

#include "checkers/scenario/sim_shared.h"

namespace heddle {

template <class P>
struct StressSharedHooks {
  using Thread = typename SimShared<P, StressSharedHooks>::Thread;

  static Thread& thread() {
    thread_local Thread thread;
    return thread;
  }
  static std::uint32_t id() { return static_cast<std::uint32_t>(P::thread_index()) + 1; }
  // Rarely enough to come to the last step of a dozen.
  static bool dies() { return P::one_in(12); }
};

}  // namespace heddle

#endif  // HEDDLE_STRESS_STRESS_SHARED_H_
