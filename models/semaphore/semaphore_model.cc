// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "checkers/scenario/scenario.h"
#include "primitives/semaphore/semaphore.h"

namespace heddle {
namespace {

constexpr VerdictSet kStuck = Verdict::kDeadlock | Verdict::kLostWakeup;
// To ThreadSanitizer a touch of a destroyed object is a race with its destruction.
constexpr VerdictSet kTouched = Verdict::kUseAfterFree | Verdict::kRace | Verdict::kCrash;

template <class P>
Deadline Soon() {
  return P::Clock::now() + std::chrono::microseconds(50);
}

// One permit is a lock.
template <class P>
struct Excludes {
  static constexpr int kThreads = 2;
  Semaphore<P> semaphore{1};
  typename P::template Var<int> balance{0};

  void Thread(int) {
    semaphore.acquire();
    balance.set(balance.get() + 1);
    semaphore.release();
  }
  void After() {
    HEDDLE_ASSERT(balance.get() == kThreads);
    HEDDLE_ASSERT(semaphore.permits() == 1 && semaphore.waiters() == 0);
  }
};
HEDDLE_SCENARIO("semaphore/semaphore.excludes", Excludes);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "acquire_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "release_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "take_unchecked",
              Verdict::kRace | Verdict::kAssertion | Verdict::kCrash | kStuck);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "no_wake", kStuck);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "not_counted", kStuck);
HEDDLE_MUTANT("semaphore/semaphore.excludes", Excludes, "take_stays_counted", Verdict::kAssertion);

// With a third thread that only tries, and so takes permits away from those who were woken for
// them.
template <class P>
struct Barging {
  static constexpr int kThreads = 3;
  Semaphore<P> semaphore{0};
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      semaphore.release();
    } else if (index == 1) {
      semaphore.acquire();
      HEDDLE_ASSERT(data.get() == 1);
    } else if (semaphore.try_acquire()) {
      HEDDLE_ASSERT(data.get() == 1);
      semaphore.release();
    }
  }
  void After() { HEDDLE_ASSERT(semaphore.permits() == 0 && semaphore.waiters() == 0); }
};
HEDDLE_SCENARIO("semaphore/semaphore.barging", Barging);
HEDDLE_MUTANT("semaphore/semaphore.barging", Barging, "no_wake", kStuck);
HEDDLE_MUTANT("semaphore/semaphore.barging", Barging, "acquire_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/semaphore.barging", Barging, "release_relaxed", Verdict::kRace);

// Two permits, three takers: at most two succeed, and no permit is lost or doubled.
template <class P>
struct Permits {
  static constexpr int kThreads = 3;
  Semaphore<P> semaphore{2};
  int taken[kThreads] = {};

  void Thread(int index) { taken[index] = semaphore.try_acquire() ? 1 : 0; }
  void After() {
    const int sum = taken[0] + taken[1] + taken[2];
    HEDDLE_ASSERT(sum == 2);
    HEDDLE_ASSERT(semaphore.permits() == 0);
  }
};
HEDDLE_SCENARIO("semaphore/semaphore.permits", Permits);
HEDDLE_MUTANT("semaphore/semaphore.permits", Permits, "take_unchecked", Verdict::kAssertion);

// One release of two permits lets both sleepers go on.
template <class P>
struct ReleaseMany {
  static constexpr int kThreads = 3;
  Semaphore<P> semaphore{0};
  typename P::template Var<int> data{0};

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      semaphore.release(2);
    } else {
      semaphore.acquire();
      HEDDLE_ASSERT(data.get() == 1);
    }
  }
  void After() { HEDDLE_ASSERT(semaphore.permits() == 0 && semaphore.waiters() == 0); }
};
HEDDLE_SCENARIO("semaphore/semaphore.release_many", ReleaseMany);
HEDDLE_MUTANT("semaphore/semaphore.release_many", ReleaseMany, "wake_one", kStuck);
HEDDLE_MUTANT("semaphore/semaphore.release_many", ReleaseMany, "not_counted", kStuck);

// One thread more than can be counted: it waits awake.
template <class P>
struct Crowded {
  static constexpr int kThreads = 3;
  Semaphore<P, 31> semaphore{0};

  void Thread(int index) {
    if (index == 0) {
      semaphore.release(2);
    } else {
      semaphore.acquire();
    }
  }
  void After() { HEDDLE_ASSERT(semaphore.permits() == 0 && semaphore.waiters() == 0); }
};
HEDDLE_SCENARIO("semaphore/semaphore.crowded", Crowded);
HEDDLE_MUTANT("semaphore/semaphore.crowded", Crowded, "crowd_overflows",
              kStuck | Verdict::kAssertion);

// A waiter that gives up and one that does not, one permit: whoever is woken, the patient one gets
// it.
template <class P>
struct Timeout {
  static constexpr int kThreads = 3;
  Semaphore<P> semaphore{0};

  void Thread(int index) {
    if (index == 0) {
      semaphore.release();
    } else if (index == 1) {
      semaphore.acquire();
    } else if (semaphore.try_acquire_until(Soon<P>())) {
      semaphore.release();
    }
  }
  void After() { HEDDLE_ASSERT(semaphore.permits() == 0 && semaphore.waiters() == 0); }
};
HEDDLE_SCENARIO("semaphore/semaphore.timeout", Timeout);
HEDDLE_MUTANT("semaphore/semaphore.timeout", Timeout, "leave_woken", kStuck);

// Either the deadline or the permit comes first; in neither case is anything lost. The kernel may
// end a wait for no reason.
template <class P>
struct TimeoutOrPermit {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Semaphore<P> semaphore{0};
  typename P::template Var<int> data{0};
  bool taken = false;

  void Thread(int index) {
    if (index == 0) {
      data.set(1);
      semaphore.release();
    } else {
      taken = semaphore.try_acquire_until(Soon<P>());
      if (taken) HEDDLE_ASSERT(data.get() == 1);
    }
  }
  void After() {
    HEDDLE_ASSERT(semaphore.permits() == (taken ? 0U : 1U));
    HEDDLE_ASSERT(semaphore.waiters() == 0);
  }
};
HEDDLE_SCENARIO("semaphore/semaphore.timeout_or_permit", TimeoutOrPermit);
HEDDLE_MUTANT("semaphore/semaphore.timeout_or_permit", TimeoutOrPermit, "leave_stays_counted",
              Verdict::kAssertion);
HEDDLE_MUTANT("semaphore/semaphore.timeout_or_permit", TimeoutOrPermit, "acquire_relaxed",
              Verdict::kRace);

// The acquirer of the last permit destroys the semaphore while the release() still runs.
template <class P>
struct Destroyed {
  static constexpr int kThreads = 2;
  Semaphore<P>* semaphore = P::template create<Semaphore<P>>(0U);

  void Thread(int index) {
    if (index == 0) {
      semaphore->release();
    } else {
      semaphore->acquire();
      P::destroy(semaphore);
    }
  }
};
HEDDLE_SCENARIO("semaphore/semaphore.destroyed", Destroyed);
HEDDLE_MUTANT("semaphore/semaphore.destroyed", Destroyed, "touch_after_release", kTouched);

}  // namespace
}  // namespace heddle
