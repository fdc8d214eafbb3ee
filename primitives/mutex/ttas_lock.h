// SPDX-License-Identifier: Apache-2.0
//
// In short: spins with back-off, then yields; one byte; not fair, not reentrant.
//
// Test-and-test-and-set spin lock: waiters look at the word, which stays in their cache, and try to
// take it only when it looks free; after a failed look they back off exponentially, then yield.
// From L. Rudolph and Z. Segall, "Dynamic Decentralized Cache Schemes" (1984); the back-off is
// T. Anderson's (1990).
//
// Use it for a few instructions; where the holder may block or run long, FutexMutex.
//
// Guarantees
//   Exclusion and publication: what happened before unlock() happens before the next lock()
//   returns. Progress: deadlock-free, not starvation-free: a waiter may be overtaken for ever. Not
//   reentrant: lock() by the holder spins for ever. A signal handler may use try_lock() and
//   unlock(). No owner is recorded: unlock() by another thread works; without a holder it does
//   nothing. After fork() the child has a copy in the same state. One byte, no system call but
//   sched_yield. The lock may be destroyed as soon as nobody will call it again, also while the
//   last unlock() is still returning.
//
// held_    Meaning    Who may change it
// false    free       anybody, to true, by exchange
// true     held       the holder, to false
#ifndef HEDDLE_PRIMITIVES_MUTEX_TTAS_LOCK_H_
#define HEDDLE_PRIMITIVES_MUTEX_TTAS_LOCK_H_

#include <atomic>

#include "primitives/mutant.h"
#include "primitives/mutex/backoff.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class TtasLock {
 public:
  TtasLock() = default;
  TtasLock(const TtasLock&) = delete;
  TtasLock& operator=(const TtasLock&) = delete;

  void lock() {
    if (take()) return;
    Backoff<P> backoff;
    do {
      do {
        backoff();
      } while (looks_held());
    } while (!take());
  }

  // Never waits. False says only that the lock was seen held.
  bool try_lock() { return !looks_held() && take(); }

  void unlock() {
    if (mutant<P>("stays_held")) return;
    held_.store(false, order<P>("unlock_relaxed", std::memory_order_release));
    // From here on the lock may be gone.
    if (mutant<P>("frees_twice")) held_.store(false, std::memory_order_relaxed);
  }

 private:
  bool looks_held() const { return held_.load(std::memory_order_relaxed); }

  bool take() {
    if (mutant<P>("take_in_two_steps")) {
      if (held_.load(std::memory_order_acquire)) return false;
      held_.store(true, std::memory_order_relaxed);
      return true;
    }
    return !held_.exchange(true, order<P>("lock_relaxed", std::memory_order_acquire));
  }

  typename P::template Atomic<bool> held_{false};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_TTAS_LOCK_H_
