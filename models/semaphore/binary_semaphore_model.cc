// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "checkers/scenario/scenario.h"
#include "primitives/semaphore/binary_semaphore.h"

namespace heddle {
namespace {

constexpr VerdictSet kStuck = Verdict::kDeadlock | Verdict::kLostWakeup;
// To ThreadSanitizer a touch of a destroyed object is a race with its destruction.
constexpr VerdictSet kTouched = Verdict::kUseAfterFree | Verdict::kRace | Verdict::kCrash;

template <class P>
Deadline Soon() {
  return P::Clock::now() + std::chrono::microseconds(50);
}

template <class P>
struct Excludes {
  static constexpr int kThreads = 2;
  BinarySemaphore<P> semaphore{true};
  typename P::template Var<int> balance{0};

  void Thread(int) {
    semaphore.acquire();
    balance.set(balance.get() + 1);
    semaphore.release();
  }
  void After() {
    HEDDLE_ASSERT(balance.get() == kThreads);
    HEDDLE_ASSERT(semaphore.available() && semaphore.waiters() == 0);
  }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.excludes", Excludes);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "acquire_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "release_relaxed", Verdict::kRace);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "no_wake", kStuck);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "not_counted", kStuck);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "take_unchecked",
              Verdict::kRace | Verdict::kAssertion | Verdict::kCrash | kStuck);
HEDDLE_MUTANT("semaphore/binary_semaphore.excludes", Excludes, "take_stays_counted",
              Verdict::kAssertion);

// A release that finds the permit there still publishes: whoever takes that one permit sees both.
template <class P>
struct Merges {
  static constexpr int kThreads = 2;
  BinarySemaphore<P> semaphore{true};
  typename P::template Atomic<int> data{0};
  int seen = 0;
  bool second = false;

  void Thread(int index) {
    if (index == 0) {
      data.store(1, std::memory_order_relaxed);
      semaphore.release();
    } else {
      semaphore.acquire();
      seen = data.load(std::memory_order_relaxed);
      second = semaphore.try_acquire();
    }
  }
  void After() {
    HEDDLE_ASSERT(semaphore.waiters() == 0);
    const bool merged = !second && !semaphore.available();
    HEDDLE_ASSERT(!merged || seen == 1);
  }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.merges", Merges);
HEDDLE_MUTANT("semaphore/binary_semaphore.merges", Merges, "release_relaxed", Verdict::kAssertion);
HEDDLE_MUTANT("semaphore/binary_semaphore.merges", Merges, "acquire_relaxed", Verdict::kAssertion);
HEDDLE_MUTANT("semaphore/binary_semaphore.merges", Merges, "skip_when_available",
              Verdict::kAssertion);
HEDDLE_MUTANT("semaphore/binary_semaphore.merges", Merges, "release_adds",
              kStuck | Verdict::kAssertion);

// As a wake-up flag: releases merge, yet the consumer does not sleep past the last one.
template <class P>
struct WakesConsumer {
  static constexpr int kThreads = 2;
  static constexpr int kItems = 2;
  BinarySemaphore<P> wake{false};
  typename P::template Atomic<int> produced{0};

  void Thread(int index) {
    if (index == 0) {
      for (int i = 0; i < kItems; ++i) {
        produced.fetch_add(1, std::memory_order_relaxed);
        wake.release();
      }
    } else {
      while (produced.load(std::memory_order_relaxed) < kItems) wake.acquire();
    }
  }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.wakes_consumer", WakesConsumer);
HEDDLE_MUTANT("semaphore/binary_semaphore.wakes_consumer", WakesConsumer, "no_wake", kStuck);
HEDDLE_MUTANT("semaphore/binary_semaphore.wakes_consumer", WakesConsumer, "not_counted", kStuck);

// A waiter that gives up and one that does not, one permit: whoever is woken, the patient one gets
// it.
template <class P>
struct Timeout {
  static constexpr int kThreads = 3;
  BinarySemaphore<P> semaphore{false};

  void Thread(int index) {
    if (index == 0) {
      semaphore.release();
    } else if (index == 1) {
      semaphore.acquire();
    } else if (semaphore.try_acquire_until(Soon<P>())) {
      semaphore.release();
    }
  }
  void After() { HEDDLE_ASSERT(!semaphore.available() && semaphore.waiters() == 0); }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.timeout", Timeout);
HEDDLE_MUTANT("semaphore/binary_semaphore.timeout", Timeout, "leave_woken", kStuck);

// Either the deadline or the permit comes first; in neither case is anything lost. The kernel may
// end a wait for no reason.
template <class P>
struct TimeoutOrPermit {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  BinarySemaphore<P> semaphore{false};
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
    HEDDLE_ASSERT(semaphore.available() != taken);
    HEDDLE_ASSERT(semaphore.waiters() == 0);
  }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.timeout_or_permit", TimeoutOrPermit);
HEDDLE_MUTANT("semaphore/binary_semaphore.timeout_or_permit", TimeoutOrPermit,
              "leave_stays_counted", Verdict::kAssertion);
HEDDLE_MUTANT("semaphore/binary_semaphore.timeout_or_permit", TimeoutOrPermit, "acquire_relaxed",
              Verdict::kRace);

// The acquirer destroys the semaphore while the release() still runs.
template <class P>
struct Destroyed {
  static constexpr int kThreads = 2;
  BinarySemaphore<P>* semaphore = P::template create<BinarySemaphore<P>>(false);

  void Thread(int index) {
    if (index == 0) {
      semaphore->release();
    } else {
      semaphore->acquire();
      P::destroy(semaphore);
    }
  }
};
HEDDLE_SCENARIO("semaphore/binary_semaphore.destroyed", Destroyed);
HEDDLE_MUTANT("semaphore/binary_semaphore.destroyed", Destroyed, "touch_after_release", kTouched);

}  // namespace
}  // namespace heddle
