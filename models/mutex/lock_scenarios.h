// SPDX-License-Identifier: Apache-2.0
//
// What every mutex claims, written once. A model names its lock:
//     template <class P>
//     using TicketLockExcludes = Excludes<P, TicketLock<P>>;
#ifndef HEDDLE_MODELS_MUTEX_LOCK_SCENARIOS_H_
#define HEDDLE_MODELS_MUTEX_LOCK_SCENARIOS_H_

#include <cstdint>

#include "checkers/scenario/scenario.h"

namespace heddle {

// What becomes of a mutant that touches memory which is gone: real threads see the symptom only.
inline constexpr VerdictSet kTouchesFreed =
    Verdict::kUseAfterFree | Verdict::kRace | Verdict::kCrash;

// One at a time, each sees what the one before wrote, and everybody gets in.
template <class P, class Lock, int kCount = 2>
struct Excludes {
  static constexpr int kThreads = kCount;
  Lock lock;
  typename P::template Var<int> balance{0};

  void Thread(int) {
    Guard hold(lock);
    balance.set(balance.get() + 1);
  }
  void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
};

// Nobody waits for ever: neither for a thread that leaves and comes back at once, nor because of
// being woken for no reason. And whatever they leave behind, the lock is free. For locks without an
// owner.
template <class P, class Lock>
struct Progresses {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Lock lock;
  typename P::template Var<int> balance{0};

  Progresses() { lock.lock(); }
  void Thread(int index) {
    if (index == 0) leave();
    lock.lock();
    leave();
  }
  void After() {
    HEDDLE_ASSERT(balance.get() == 3);
    lock.lock();
    lock.unlock();
  }
  void leave() {
    balance.set(balance.get() + 1);
    lock.unlock();
  }
};

// A successful try_lock() is a lock(); a failed one changes nothing.
template <class P, class Lock>
struct Tries {
  static constexpr int kThreads = 2;
  Lock lock;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    if (index == 0) {
      lock.lock();
    } else if (!lock.try_lock()) {
      return;
    }
    balance.set(balance.get() + 1);
    lock.unlock();
  }
  void After() {
    HEDDLE_ASSERT(lock.try_lock());
    HEDDLE_ASSERT(balance.get() >= 1);
    lock.unlock();
  }
};

// Whoever finds itself the last user may destroy the lock at once, though the other user's unlock()
// has perhaps not returned yet.
template <class P, class Lock>
struct LastDestroys {
  static constexpr int kThreads = 2;
  struct Shared {
    Lock lock;
    typename P::template Var<int> users{kThreads};
  };
  Shared* shared = P::template create<Shared>();

  void Thread(int) {
    shared->lock.lock();
    const int left = shared->users.get() - 1;
    shared->users.set(left);
    shared->lock.unlock();
    if (left == 0) P::destroy(shared);
  }
};

// First come, first served: who joins the queue after another thread has joined enters after it.
// Place(lock) is one thread's join(), wait() and unlock().
template <class P, class Lock, class Place>
struct Queues {
  static constexpr int kThreads = 2;
  Lock lock;
  typename P::template Atomic<std::uint32_t> joined{0};
  typename P::template Var<int> entered{0};

  void Thread(int index) {
    Place place(lock);
    if (index == 0) {
      place.join();
      joined.store(1, std::memory_order_release);
    } else {
      if (joined.load(std::memory_order_acquire) == 0) return;
      place.join();
    }
    place.wait();
    HEDDLE_ASSERT(entered.get() == index);
    entered.set(index + 1);
    place.unlock();
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_MUTEX_LOCK_SCENARIOS_H_
