// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "checkers/scenario/scenario.h"
#include "primitives/barrier/latch.h"

namespace heddle {
namespace {

constexpr VerdictSet kStuck = Verdict::kDeadlock | Verdict::kLostWakeup;
// To ThreadSanitizer a touch of a destroyed object is a race with its destruction.
constexpr VerdictSet kTouched = Verdict::kUseAfterFree | Verdict::kRace | Verdict::kCrash;

// Whoever returns from wait() sees everything before every count_down(), and does return.
template <class P>
struct Publishes {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Latch<P> latch{1};
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      latch.count_down();
    } else {
      latch.wait();
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
  void After() { HEDDLE_ASSERT(latch.try_wait()); }
};
HEDDLE_SCENARIO("barrier/latch.publishes", Publishes);
HEDDLE_MUTANT("barrier/latch.publishes", Publishes, "count_down_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.publishes", Publishes, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.publishes", Publishes, "no_wake", kStuck);
HEDDLE_MUTANT("barrier/latch.publishes", Publishes, "not_marked", kStuck);

// Two count, one waits: the release sequence carries the first one's data through the second one's
// step, and through the waiter's own mark.
template <class P>
struct Gathers {
  static constexpr int kThreads = 3;
  Latch<P> latch{2};
  typename P::template Var<int> first{0};
  typename P::template Var<int> second{0};

  void Thread(int index) {
    if (index == 2) {
      latch.wait();
      HEDDLE_ASSERT(first.get() == 1 && second.get() == 1);
    } else {
      (index == 0 ? first : second).set(1);
      latch.count_down();
    }
  }
};
HEDDLE_SCENARIO("barrier/latch.gathers", Gathers);
HEDDLE_MUTANT("barrier/latch.gathers", Gathers, "count_down_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.gathers", Gathers, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.gathers", Gathers, "count_not_atomic", kStuck | Verdict::kRace);

// One count_down() lets all go on, also those who sleep.
template <class P>
struct WakesAll {
  static constexpr int kThreads = 3;
  Latch<P> latch{1};
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      latch.count_down();
    } else {
      latch.wait();
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
};
HEDDLE_SCENARIO("barrier/latch.wakes_all", WakesAll);
HEDDLE_MUTANT("barrier/latch.wakes_all", WakesAll, "wake_one", kStuck);
HEDDLE_MUTANT("barrier/latch.wakes_all", WakesAll, "no_wake", kStuck);

// As a barrier for one phase.
template <class P>
struct ArriveAndWait {
  static constexpr int kThreads = 2;
  Latch<P> latch{2};
  typename P::template Var<int> first{0};
  typename P::template Var<int> second{0};

  void Thread(int index) {
    auto& mine = index == 0 ? first : second;
    auto& other = index == 0 ? second : first;
    mine.set(1);
    latch.arrive_and_wait();
    HEDDLE_ASSERT(other.get() == 1);
  }
};
HEDDLE_SCENARIO("barrier/latch.arrive_and_wait", ArriveAndWait);
HEDDLE_MUTANT("barrier/latch.arrive_and_wait", ArriveAndWait, "count_down_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.arrive_and_wait", ArriveAndWait, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.arrive_and_wait", ArriveAndWait, "no_wake", kStuck);

// A waiter that gives up does not take the wake-up of one that does not.
template <class P>
struct Timeout {
  static constexpr int kThreads = 3;
  Latch<P> latch{1};
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      latch.count_down();
    } else if (index == 1) {
      latch.wait();
    } else if (latch.wait_until(P::Clock::now() + std::chrono::microseconds(50))) {
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
};
HEDDLE_SCENARIO("barrier/latch.timeout", Timeout);
HEDDLE_MUTANT("barrier/latch.timeout", Timeout, "wake_one", kStuck);
HEDDLE_MUTANT("barrier/latch.timeout", Timeout, "try_wait_relaxed", Verdict::kRace);

template <class P>
struct TryWait {
  static constexpr int kThreads = 3;
  Latch<P> latch{2};
  typename P::template Var<int> first{0};
  typename P::template Var<int> second{0};

  void Thread(int index) {
    if (index < 2) {
      (index == 0 ? first : second).set(1);
      latch.count_down();
    } else if (latch.try_wait()) {
      HEDDLE_ASSERT(first.get() == 1 && second.get() == 1);
    }
  }
  void After() { HEDDLE_ASSERT(latch.try_wait()); }
};
HEDDLE_SCENARIO("barrier/latch.try_wait", TryWait);
HEDDLE_MUTANT("barrier/latch.try_wait", TryWait, "try_wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/latch.try_wait", TryWait, "count_not_atomic",
              Verdict::kRace | Verdict::kAssertion);

// The only waiter destroys the latch while the last count_down() still runs.
template <class P>
struct Destroyed {
  static constexpr int kThreads = 2;
  Latch<P>* latch = P::template create<Latch<P>>(1U);

  void Thread(int index) {
    if (index == 0) {
      latch->count_down();
    } else {
      latch->wait();
      P::destroy(latch);
    }
  }
};
HEDDLE_SCENARIO("barrier/latch.destroyed", Destroyed);
HEDDLE_MUTANT("barrier/latch.destroyed", Destroyed, "touch_after_count_down", kTouched);

}  // namespace
}  // namespace heddle
