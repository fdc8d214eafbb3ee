// SPDX-License-Identifier: Apache-2.0
//
// The owner of a RobustMutex dies, and then one of the two that wait for it, at any step: also just
// after it was woken to be told. How processes die: robust_mutex_model.cc.
#include "checkers/scenario/scenario.h"
#include "primitives/process/robust_mutex.h"

namespace heddle {
namespace {

// The other one is not forgotten. Whoever gets in dies as the owner.
template <class P>
struct RobustToldDies {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{
      .preemptions = 2,
      .reason = "three threads of up to a dozen operations; the explorer searches it all"};
  RobustMutex<P> mutex;

  void Thread(int index) {
    P::Shared::run(index == 1, [this, index] {
      const RobustStatus status = index == 0 ? mutex.try_lock() : mutex.lock();
      HEDDLE_ASSERT(status == RobustStatus::kOk || status == RobustStatus::kOwnerDied ||
                    (index == 0 && status == RobustStatus::kTimedOut));
      P::Shared::die();
    });
  }
};

HEDDLE_SCENARIO("process/robust_mutex.told_dies", RobustToldDies);
HEDDLE_MUTANT("process/robust_mutex.told_dies", RobustToldDies, "sleeps_unwatched",
              Verdict::kLostWakeup | Verdict::kDeadlock);

}  // namespace
}  // namespace heddle
