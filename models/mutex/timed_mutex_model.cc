// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/timed_mutex.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;
constexpr std::chrono::microseconds kPatience(50);

template <class P>
struct TimedMutexExcludes {
  static constexpr int kThreads = 2;
  TimedMutex<P> mutex;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    if (index == 0) {
      mutex.lock();
    } else if (!mutex.try_lock_for(kPatience)) {
      return;
    }
    balance.set(balance.get() + 1);
    mutex.unlock();
  }
  void After() {
    HEDDLE_ASSERT(balance.get() >= 1);
    HEDDLE_ASSERT(mutex.try_lock());
    mutex.unlock();
  }
};
HEDDLE_SCENARIO("mutex/timed_mutex.excludes", TimedMutexExcludes);
HEDDLE_MUTANT("mutex/timed_mutex.excludes", TimedMutexExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/timed_mutex.excludes", TimedMutexExcludes, "contended_relaxed",
              Verdict::kRace);
HEDDLE_MUTANT("mutex/timed_mutex.excludes", TimedMutexExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/timed_mutex.excludes", TimedMutexExcludes, "timeout_is_success",
              Verdict::kRace | Verdict::kAssertion);

// One waiter with a limit and one without: when the first gives up, the second must still be woken.
template <class P>
struct TimedMutexProgresses {
  static constexpr int kThreads = 3;
  TimedMutex<P> mutex;
  typename P::template Var<int> balance{0};

  TimedMutexProgresses() { mutex.lock(); }
  void Thread(int index) {
    if (index == 1) mutex.lock();
    if (index == 2 && !mutex.try_lock_until(P::Clock::now() + kPatience)) return;
    balance.set(balance.get() + 1);  // thread 0 holds it from the start
    mutex.unlock();
  }
  void After() { HEDDLE_ASSERT(balance.get() >= 2); }
};
HEDDLE_SCENARIO("mutex/timed_mutex.progresses", TimedMutexProgresses);
HEDDLE_MUTANT("mutex/timed_mutex.progresses", TimedMutexProgresses, "woken_gives_up",
              kSleepsForEver);
HEDDLE_MUTANT("mutex/timed_mutex.progresses", TimedMutexProgresses, "woken_marks_locked",
              kSleepsForEver | Verdict::kLivelock);
HEDDLE_MUTANT("mutex/timed_mutex.progresses", TimedMutexProgresses, "no_wake", kSleepsForEver);

// Without a limit it is lock(): it does not return false.
template <class P>
struct TimedMutexWaitsForEver {
  static constexpr int kThreads = 2;
  TimedMutex<P> mutex;
  typename P::template Var<int> balance{0};

  void Thread(int) {
    HEDDLE_ASSERT(mutex.try_lock_until(kNever));
    balance.set(balance.get() + 1);
    mutex.unlock();
  }
  void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
};
HEDDLE_SCENARIO("mutex/timed_mutex.waits_for_ever", TimedMutexWaitsForEver);
HEDDLE_MUTANT("mutex/timed_mutex.waits_for_ever", TimedMutexWaitsForEver, "no_wake",
              kSleepsForEver);

}  // namespace
}  // namespace heddle
