// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "checkers/scenario/scenario.h"
#include "primitives/hierarchy/lock_all.h"

namespace heddle {
namespace {

// Thread 0 wants both, the others one each: each lock protects its own counter.
template <class P>
struct Excludes {
  static constexpr int kThreads = 3;
  using Mutex = typename P::Mutex;
  Mutex mutexes[2];
  typename P::template Var<int> counts[2] = {0, 0};

  void Thread(int index) {
    if (index == 2) {
      const LockAllGuard<P, Mutex, Mutex> hold(mutexes[1], mutexes[0]);
      Count(0);
      Count(1);
    } else {
      const Guard hold(mutexes[index]);
      Count(index);
    }
  }
  void Count(int index) { counts[index].set(counts[index].get() + 1); }
  void After() { HEDDLE_ASSERT(counts[0].get() == 2 && counts[1].get() == 2); }
};
HEDDLE_SCENARIO("hierarchy/lock_all.excludes", Excludes);
HEDDLE_MUTANT("hierarchy/lock_all.excludes", Excludes, "ignores_failure",
              Verdict::kRace | Verdict::kBadUnlock | Verdict::kAssertion);
HEDDLE_MUTANT("hierarchy/lock_all.excludes", Excludes, "keeps_held", Verdict::kDeadlock);

// Locks of different types, by the erased path.
template <class P>
struct ExcludesMixed {
  static constexpr int kThreads = 2;
  struct Named {
    typename P::Mutex mutex;
    void lock() { mutex.lock(); }
    bool try_lock() { return mutex.try_lock(); }
    void unlock() { mutex.unlock(); }
  };
  typename P::Mutex plain;
  Named named;
  typename P::template Var<int> count{0};

  void Thread(int index) {
    if (index == 0) {
      const LockAllGuard<P, typename P::Mutex, Named> hold(plain, named);
      count.set(count.get() + 1);
    } else {
      const Guard hold(named);
      count.set(count.get() + 1);
    }
  }
  void After() { HEDDLE_ASSERT(count.get() == 2); }
};
HEDDLE_SCENARIO("hierarchy/lock_all.excludes_mixed", ExcludesMixed);
HEDDLE_MUTANT("hierarchy/lock_all.excludes_mixed", ExcludesMixed, "ignores_failure",
              Verdict::kRace | Verdict::kBadUnlock | Verdict::kAssertion);

// It never waits while it holds, so it gets on with those who nest the same locks in any order.
template <class P>
struct Nests {
  static constexpr int kThreads = 2;
  using Mutex = typename P::Mutex;
  Mutex first, second, third;
  typename P::template Var<int> count{0};

  void Thread(int index) {
    if (index == 0) {
      const LockAllGuard<P, Mutex, Mutex, Mutex> hold(first, second, third);
      count.set(count.get() + 1);
    } else {
      const Guard outer(third);
      const Guard inner(second);
      count.set(count.get() + 1);
    }
  }
  void After() { HEDDLE_ASSERT(count.get() == 2); }
};
HEDDLE_SCENARIO("hierarchy/lock_all.progress_nested", Nests);
HEDDLE_MUTANT("hierarchy/lock_all.progress_nested", Nests, "waits_holding", Verdict::kDeadlock);
HEDDLE_MUTANT("hierarchy/lock_all.progress_nested", Nests, "keeps_held", Verdict::kDeadlock);

// Thread 1 holds one lock and waits for the other, which a third thread wants, too. It is not kept
// from it for ever, though it may be woken too late every time that thread 0 gives it back.
template <class P>
struct NestsContended {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.max_steps = 200};
  using Mutex = typename P::Mutex;
  Mutex first, second;

  void Thread(int index) {
    if (index == 0) {
      const LockAllGuard<P, Mutex, Mutex> hold(first, second);
    } else if (index == 1) {
      const Guard outer(second);
      const Guard inner(first);
    } else {
      const Guard hold(first);
    }
  }
};
HEDDLE_SCENARIO("hierarchy/lock_all.progress_contended", NestsContended);
HEDDLE_MUTANT("hierarchy/lock_all.progress_contended", NestsContended, "never_rotates",
              Verdict::kLivelock | Verdict::kDeadlock);

// Threads that want the same locks fail on each other a bounded number of times.
template <class P>
struct Progress {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.max_steps = 300};
  using Mutex = typename P::Mutex;
  Mutex mutexes[2];
  typename P::template Var<int> count{0};

  void Thread(int index) {
    Mutex* wanted[2] = {&mutexes[index], &mutexes[1 - index]};
    lock_all<P>(std::span(wanted));
    count.set(count.get() + 1);
    unlock_all(std::span(wanted));
  }
  void After() { HEDDLE_ASSERT(count.get() == kThreads); }
};
HEDDLE_SCENARIO("hierarchy/lock_all.progress", Progress);
HEDDLE_MUTANT_BEYOND(
    "hierarchy/lock_all.progress", Progress, "rotates_for_ever",
    Verdict::kLivelock | Verdict::kDeadlock,
    {"explore",
     "no error where try_lock() fails only on a lock that is held, as POSIX's does: both threads "
     "try the locks in the order of their addresses, and who has failed once waits for the lock "
     "that the other keeps. Relacy's try_lock() may fail for no reason, as the C++ standard lets "
     "it; that is what gets the two out of step"});

}  // namespace
}  // namespace heddle
