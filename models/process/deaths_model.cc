// SPDX-License-Identifier: Apache-2.0
//
// One of two processes that wait for a RobustMutex is killed at any step. Relacy looks at the
// executions of few preemptions; the explorer is not through after some hundred thousand. It has
// the deaths of owners in robust_mutex_model.cc, which says how they come, and of a waiter in
// two_deaths_model.cc.
#include "checkers/scenario/scenario.h"
#include "primitives/process/robust_mutex.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;

// Two wait for process 0, which comes back at once, and one of them dies at some step, also just
// after it was woken, while process 0 has the mutex again. The other one is not forgotten.
template <class P>
struct RobustWaiterDies {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.preemptions = 2,
                                         .reason = "three threads of up to a dozen operations"};
  RobustMutex<P> mutex;

  RobustWaiterDies() { Lock(); }  // set-up goes on as process 0
  void Lock() {
    const RobustStatus status = mutex.lock();
    HEDDLE_ASSERT(status == RobustStatus::kOk || status == RobustStatus::kOwnerDied);
    mutex.make_consistent();
  }
  void Thread(int index) {
    P::Shared::run(index == 1, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
        if (mutex.try_lock() == RobustStatus::kTimedOut) return;
        mutex.make_consistent();
      } else {
        Lock();
        if (index == 1) P::Shared::die();
      }
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
    });
  }
};

HEDDLE_SCENARIO("process/robust_mutex.waiter_dies", RobustWaiterDies);
HEDDLE_MUTANT("process/robust_mutex.waiter_dies", RobustWaiterDies, "sleeps_unwatched",
              kSleepsForEver);
// What the C library's robust mutexes do.
HEDDLE_MUTANT("process/robust_mutex.waiter_dies", RobustWaiterDies, "bit_tells", kSleepsForEver);

}  // namespace
}  // namespace heddle
