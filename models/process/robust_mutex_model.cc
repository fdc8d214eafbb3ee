// SPDX-License-Identifier: Apache-2.0
//
// RobustMutex, with threads as processes. Where a scenario says so a process is killed before any
// step of its lock() or unlock(), or between them, and the kernel does what it does at the end of a
// thread, in steps of its own (checkers/scenario/sim_shared.h). Real processes are killed in
// stress/process_fault_test.cc.
#include <chrono>
#include <cstdint>

#include "checkers/scenario/scenario.h"
#include "primitives/process/robust_mutex.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;
constexpr std::chrono::microseconds kPatience(50);

// What a mutex protects, and whether it is in the middle of something.
template <class P>
struct State {
  typename P::template Var<int> visits{0};
  typename P::template Var<bool> half_done{false};

  // A process may die in the middle.
  void Visit() {
    HEDDLE_ASSERT(!half_done.get());
    half_done.set(true);
    visits.set(visits.get() + 1);
    P::Shared::step();
    half_done.set(false);
  }
  void Mend() { half_done.set(false); }
};

// Waits for the mutex, visits, unlocks; mends what a dead one has left. True if there was one.
template <class P>
bool Visit(RobustMutex<P>& mutex, State<P>& state) {
  const RobustStatus status = mutex.lock();
  if (status == RobustStatus::kOwnerDied) {
    state.Mend();
    HEDDLE_ASSERT(mutex.make_consistent() == RobustStatus::kOk);
  } else {
    HEDDLE_ASSERT(status == RobustStatus::kOk);
  }
  state.Visit();
  HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
  return status == RobustStatus::kOwnerDied;
}

// The mutex is free, and nothing is left to tell.
template <class P>
void ExpectFree(RobustMutex<P>& mutex) {
  P::Shared::run(false, [&] {
    HEDDLE_ASSERT(mutex.try_lock() == RobustStatus::kOk);
    HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
  });
}

// Nobody dies: one at a time, each sees what the one before wrote, and everybody gets in.
template <class P>
struct RobustExcludes {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;
  State<P> state;

  void Thread(int) {
    P::Shared::run(false, [this] { HEDDLE_ASSERT(!Visit(mutex, state)); });
  }
  void After() {
    HEDDLE_ASSERT(state.visits.get() == 2);
    ExpectFree(mutex);
  }
};

// Process 0 may die at any step. Process 1 gets in, and is told when it may find something half
// done: exactly if process 0 died as the owner. (It died without having visited: before it owned
// the mutex, or just after. Likewise for the other end.)
template <class P>
struct RobustOwnerDies {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;
  State<P> state;
  bool died = false;
  bool told = false;

  void Thread(int index) {
    if (index == 0) {
      died = P::Shared::run(true, [this] { Visit(mutex, state); });
    } else {
      P::Shared::run(false, [this] { told = Visit(mutex, state); });
    }
  }
  void After() {
    HEDDLE_ASSERT(died || !told);
    // Its death comes after its visit of process 1, or it is told of now.
    P::Shared::run(false, [&] {
      const RobustStatus status = mutex.try_lock();
      HEDDLE_ASSERT(status == RobustStatus::kOk ||
                    (status == RobustStatus::kOwnerDied && died && !told));
      HEDDLE_ASSERT(status == RobustStatus::kOwnerDied || !state.half_done.get());
      HEDDLE_ASSERT(mutex.make_consistent() == RobustStatus::kOk);
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
    });
    ExpectFree(mutex);  // told once
  }
};

// The owner has died; whoever is told first unlocks without having mended anything. From then on
// everybody is told that, and at once.
template <class P>
struct RobustNotRecoverable {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;

  RobustNotRecoverable() {
    P::Shared::run(false, [this] {
      HEDDLE_ASSERT(mutex.lock() == RobustStatus::kOk);
      P::Shared::die();
    });
  }
  void Thread(int index) {
    // Process 1 may die at any step: of being told so, too.
    P::Shared::run(index == 1, [this] {
      const RobustStatus status = mutex.lock();
      if (status == RobustStatus::kOwnerDied) {
        HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
      } else {
        HEDDLE_ASSERT(status == RobustStatus::kNotRecoverable);
      }
    });
  }
  void After() {
    P::Shared::run(false, [this] {
      HEDDLE_ASSERT(mutex.try_lock() == RobustStatus::kNotRecoverable);
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kNotOwner);
    });
  }
};

// Of those who wait meanwhile each wakes the next one.
template <class P>
struct RobustNobodyRecovers {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.preemptions = 3,
                                         .reason = "three threads of up to a dozen operations"};
  RobustMutex<P> mutex;

  RobustNobodyRecovers() {
    P::Shared::run(false, [this] {
      HEDDLE_ASSERT(mutex.lock() == RobustStatus::kOk);
      P::Shared::die();
    });
    HEDDLE_ASSERT(mutex.lock() == RobustStatus::kOwnerDied);  // set-up goes on as process 0
  }
  void Thread(int index) {
    P::Shared::run(false, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
      } else {
        HEDDLE_ASSERT(mutex.lock() == RobustStatus::kNotRecoverable);
      }
    });
  }
};

// A waiter that gives up does not own the mutex, and costs nobody else a wake-up.
template <class P>
struct RobustTimesOut {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;
  State<P> state;

  void Thread(int index) {
    P::Shared::run(false, [this, index] {
      if (index == 1) {
        const RobustStatus status = mutex.try_lock_until(P::Clock::now() + kPatience);
        if (status == RobustStatus::kTimedOut) return;
        HEDDLE_ASSERT(status == RobustStatus::kOk);
      } else {
        HEDDLE_ASSERT(mutex.lock() == RobustStatus::kOk);
      }
      state.Visit();
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
    });
  }
  void After() {
    HEDDLE_ASSERT(state.visits.get() >= 1);
    ExpectFree(mutex);
  }
};

// Whoever is told of a death may die before having mended what there is to mend: then the next one
// is told.
template <class P>
struct RobustMenderDies {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;
  State<P> state;

  RobustMenderDies() {
    P::Shared::run(false, [this] {
      HEDDLE_ASSERT(mutex.lock() == RobustStatus::kOk);
      state.half_done.set(true);
      P::Shared::die();
    });
  }
  void Thread(int index) {
    P::Shared::run(index == 0,
                   [this, index] { Try(index == 0 ? mutex.lock() : mutex.try_lock()); });
  }
  void Try(RobustStatus status) {
    if (status == RobustStatus::kTimedOut) return;
    HEDDLE_ASSERT(status == RobustStatus::kOwnerDied || !state.half_done.get());
    if (status == RobustStatus::kOwnerDied) {
      state.Mend();
      mutex.make_consistent();
    }
    HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
  }
  void After() {
    P::Shared::run(false, [this] {
      const RobustStatus status = mutex.try_lock();
      HEDDLE_ASSERT(status != RobustStatus::kTimedOut);
      Try(status);
    });
    ExpectFree(mutex);
  }
};

// What is no use of a mutex is told, and changes nothing.
template <class P>
struct RobustRefuses {
  static constexpr int kThreads = 2;
  RobustMutex<P> mutex;
  typename P::template Var<int> owners{0};

  void Thread(int) {
    P::Shared::run(false, [this] {
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kNotOwner);
      HEDDLE_ASSERT(mutex.make_consistent() == RobustStatus::kNotOwner);
      if (mutex.try_lock() != RobustStatus::kOk) return;
      owners.set(owners.get() + 1);
      HEDDLE_ASSERT(mutex.lock() == RobustStatus::kDeadlock);
      HEDDLE_ASSERT(mutex.owned());
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
    });
  }
  void After() {
    HEDDLE_ASSERT(owners.get() >= 1);
    ExpectFree(mutex);
  }
};

HEDDLE_SCENARIO("process/robust_mutex.excludes", RobustExcludes);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "unlock_no_release", Verdict::kRace);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "unlock_no_acquire", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "touch_relaxed", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "no_touch", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "counts_late", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "no_wake", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.excludes", RobustExcludes, "unlists_late", Verdict::kRace);

HEDDLE_SCENARIO("process/robust_mutex.owner_dies", RobustOwnerDies);
HEDDLE_MUTANT("process/robust_mutex.owner_dies", RobustOwnerDies, "no_begin",
              kSleepsForEver | Verdict::kAssertion);
HEDDLE_MUTANT("process/robust_mutex.owner_dies", RobustOwnerDies, "ends_unlisted",
              kSleepsForEver | Verdict::kAssertion);
HEDDLE_MUTANT("process/robust_mutex.owner_dies", RobustOwnerDies, "unmarked", kSleepsForEver);
HEDDLE_MUTANT("process/robust_mutex.owner_dies", RobustOwnerDies, "ends_unwoken", kSleepsForEver);

HEDDLE_SCENARIO("process/robust_mutex.mender_dies", RobustMenderDies);
HEDDLE_MUTANT("process/robust_mutex.mender_dies", RobustMenderDies, "no_begin",
              Verdict::kAssertion);

HEDDLE_SCENARIO("process/robust_mutex.not_recoverable", RobustNotRecoverable);
HEDDLE_MUTANT("process/robust_mutex.not_recoverable", RobustNotRecoverable, "forgets_inconsistent",
              Verdict::kAssertion);
HEDDLE_MUTANT("process/robust_mutex.not_recoverable", RobustNotRecoverable, "forgets_death",
              Verdict::kAssertion);

HEDDLE_SCENARIO("process/robust_mutex.nobody_recovers", RobustNobodyRecovers);
HEDDLE_MUTANT("process/robust_mutex.nobody_recovers", RobustNobodyRecovers, "lost_silently",
              kSleepsForEver);

HEDDLE_SCENARIO("process/robust_mutex.times_out", RobustTimesOut);
HEDDLE_MUTANT("process/robust_mutex.times_out", RobustTimesOut, "timeout_is_success",
              Verdict::kRace | Verdict::kAssertion);

HEDDLE_SCENARIO("process/robust_mutex.refuses", RobustRefuses);
HEDDLE_MUTANT("process/robust_mutex.refuses", RobustRefuses, "anybody_unlocks",
              Verdict::kRace | Verdict::kAssertion);

}  // namespace
}  // namespace heddle
