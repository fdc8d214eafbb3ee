// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/recursive_mutex.h"
#include "primitives/mutex/ttas_lock.h"

namespace heddle {
namespace {

// One thread goes in twice over. The other one sees both of its writes or neither.
template <class P, class Mutex>
struct Nests {
  static constexpr int kThreads = 2;
  Mutex mutex;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    Guard outer(mutex);
    if (index == 0) {
      {
        Guard inner(mutex);
        balance.set(balance.get() + 1);
      }
      balance.set(balance.get() + 1);
    } else {
      HEDDLE_ASSERT(balance.get() != 1);
      balance.set(balance.get() + 2);
    }
  }
  void After() { HEDDLE_ASSERT(balance.get() == 4); }
};
template <class P>
using RecursiveMutexNests = Nests<P, RecursiveMutex<P>>;
HEDDLE_SCENARIO("mutex/recursive_mutex.nests", RecursiveMutexNests);
HEDDLE_MUTANT("mutex/recursive_mutex.nests", RecursiveMutexNests, "unlocks_at_once",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("mutex/recursive_mutex.nests", RecursiveMutexNests, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/recursive_mutex.nests", RecursiveMutexNests, "no_wake",
              Verdict::kLostWakeup | Verdict::kDeadlock);

template <class P>
using RecursiveSpinLockNests = Nests<P, RecursiveMutex<P, TtasLock<P>>>;
HEDDLE_SCENARIO("mutex/recursive_mutex.nests_spinning", RecursiveSpinLockNests);
HEDDLE_MUTANT("mutex/recursive_mutex.nests_spinning", RecursiveSpinLockNests, "unlocks_at_once",
              Verdict::kRace | Verdict::kAssertion);

// A thread that has left is a stranger: coming back, it waits like everybody else.
template <class P>
struct RecursiveMutexForgets {
  static constexpr int kThreads = 2;
  RecursiveMutex<P> mutex;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    if (index == 0) {
      mutex.lock();
      leave();
      mutex.lock();
      leave();
    } else if (mutex.try_lock()) {
      leave();
    }
  }
  void After() { HEDDLE_ASSERT(balance.get() >= 2); }
  void leave() {
    balance.set(balance.get() + 1);
    mutex.unlock();
  }
};
HEDDLE_SCENARIO("mutex/recursive_mutex.forgets", RecursiveMutexForgets);
HEDDLE_MUTANT("mutex/recursive_mutex.forgets", RecursiveMutexForgets, "stays_owner",
              Verdict::kRace | Verdict::kAssertion);

// try_lock() goes deeper for the holder, and fails for everybody else.
template <class P>
struct RecursiveMutexTries {
  static constexpr int kThreads = 2;
  RecursiveMutex<P> mutex;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    if (index == 0) {
      mutex.lock();
      HEDDLE_ASSERT(mutex.try_lock());
      HEDDLE_ASSERT(mutex.unlock());
    } else if (!mutex.try_lock()) {
      return;
    }
    balance.set(balance.get() + 1);
    HEDDLE_ASSERT(mutex.unlock());
  }
  void After() { HEDDLE_ASSERT(balance.get() >= 1); }
};
HEDDLE_SCENARIO("mutex/recursive_mutex.tries", RecursiveMutexTries);
HEDDLE_MUTANT("mutex/recursive_mutex.tries", RecursiveMutexTries, "lock_relaxed", Verdict::kRace);

// unlock() by somebody else is refused and changes nothing.
template <class P>
struct RecursiveMutexRefuses {
  static constexpr int kThreads = 2;
  RecursiveMutex<P> mutex;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    HEDDLE_ASSERT(!mutex.unlock());
    if (index == 1) return;
    Guard hold(mutex);
    balance.set(balance.get() + 1);
  }
  void After() { HEDDLE_ASSERT(balance.get() == 1); }
};
HEDDLE_SCENARIO("mutex/recursive_mutex.refuses", RecursiveMutexRefuses);
HEDDLE_MUTANT("mutex/recursive_mutex.refuses", RecursiveMutexRefuses, "anybody_unlocks",
              Verdict::kAssertion | Verdict::kRace);

template <class P>
using RecursiveMutexLastDestroys = LastDestroys<P, RecursiveMutex<P>>;
HEDDLE_SCENARIO("mutex/recursive_mutex.last_destroys", RecursiveMutexLastDestroys);
HEDDLE_MUTANT("mutex/recursive_mutex.last_destroys", RecursiveMutexLastDestroys,
              "peeks_after_unlock", kTouchesFreed);

}  // namespace
}  // namespace heddle
