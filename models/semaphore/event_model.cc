// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "checkers/scenario/scenario.h"
#include "primitives/semaphore/event.h"

namespace heddle {
namespace {

constexpr VerdictSet kStuck = Verdict::kDeadlock | Verdict::kLostWakeup;
// To ThreadSanitizer a touch of a destroyed object is a race with its destruction.
constexpr VerdictSet kTouched = Verdict::kUseAfterFree | Verdict::kRace | Verdict::kCrash;

// Whoever returns from wait() sees everything before set(), and does return.
template <class P>
struct Publishes {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Event<P> event;
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      event.set();
    } else {
      event.wait();
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
  void After() { HEDDLE_ASSERT(event.is_set()); }
};
HEDDLE_SCENARIO("semaphore/event.publishes", Publishes);
HEDDLE_MUTANT("semaphore/event.publishes", Publishes, "set_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/event.publishes", Publishes, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/event.publishes", Publishes, "no_wake", kStuck);
HEDDLE_MUTANT("semaphore/event.publishes", Publishes, "not_marked", kStuck);

// is_set(), and two threads that set.
template <class P>
struct Polled {
  static constexpr int kThreads = 3;
  Event<P> event;
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      event.set();
    } else if (event.is_set()) {
      HEDDLE_ASSERT(data.get() == 1);
      event.set();
    }
  }
};
HEDDLE_SCENARIO("semaphore/event.polled", Polled);
HEDDLE_MUTANT("semaphore/event.polled", Polled, "is_set_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/event.polled", Polled, "set_relaxed", Verdict::kRace);

// One set() lets all go on, also those who sleep.
template <class P>
struct WakesAll {
  static constexpr int kThreads = 3;
  Event<P> event;
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      event.set();
    } else {
      event.wait();
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
};
HEDDLE_SCENARIO("semaphore/event.wakes_all", WakesAll);
HEDDLE_MUTANT("semaphore/event.wakes_all", WakesAll, "wake_one", kStuck);
HEDDLE_MUTANT("semaphore/event.wakes_all", WakesAll, "no_wake", kStuck);

// A waiter that gives up does not take the wake-up of one that does not.
template <class P>
struct Timeout {
  static constexpr int kThreads = 3;
  Event<P> event;
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      event.set();
    } else if (index == 1) {
      event.wait();
    } else if (event.wait_until(P::Clock::now() + std::chrono::microseconds(50))) {
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
};
HEDDLE_SCENARIO("semaphore/event.timeout", Timeout);
HEDDLE_MUTANT("semaphore/event.timeout", Timeout, "wake_one", kStuck);
HEDDLE_MUTANT("semaphore/event.timeout", Timeout, "is_set_relaxed", Verdict::kRace);

// The only waiter destroys the event while set() still runs.
template <class P>
struct Destroyed {
  static constexpr int kThreads = 2;
  Event<P>* event = P::template create<Event<P>>();

  void Thread(int index) {
    if (index == 0) {
      event->set();
    } else {
      event->wait();
      P::destroy(event);
    }
  }
};
HEDDLE_SCENARIO("semaphore/event.destroyed", Destroyed);
HEDDLE_MUTANT("semaphore/event.destroyed", Destroyed, "touch_after_set", kTouched);

}  // namespace
}  // namespace heddle
