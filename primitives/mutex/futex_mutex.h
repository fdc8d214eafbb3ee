// SPDX-License-Identifier: Apache-2.0
//
// In short: general purpose; four bytes; spins, then parks; no system call without contention; not
//   fair.
//
// The general-purpose mutex: four bytes, spins for a moment, then sleeps in the kernel.
// From U. Drepper, "Futexes are tricky" (2011), mutex 2 with the exchange of mutex 3 in unlock(),
// plus a bounded spin.
//
// Guarantees
//   Exclusion and publication: what happened before unlock() happens before the next lock()
//   returns. Progress: deadlock-free: somebody gets in; a waiter may be overtaken by others (not
//   FIFO). unlock() makes a system call only if somebody may be asleep. Not reentrant. A signal
//   handler may use try_lock() and unlock(). No owner is recorded: unlock() by another thread
//   works; without a holder it does nothing. After fork() the child has a copy in the same state,
//   without the sleepers. The mutex may be destroyed as soon as nobody will call it again, also
//   while the last unlock() is still returning: unlock() does not touch the word after it has freed
//   it, and the address that it may then wake is only a number. If the memory is another futex by
//   then, that one sees a wake-up for nothing.
//
// state_           Meaning                                     Who may change it
// 0 kFree          nobody holds it                             anybody, to 1 or 2
// 1 kLocked        held, and nobody sleeps                     the holder to 0; a waiter to 2
// 2 kContended     held, and somebody may sleep                the holder to 0
//
// Invariants
//   1. Whoever sleeps has seen 2 after marking it, and is woken when 2 is replaced by 0: one
//   sleeper
//      for each such step.
//   2. A thread that may have been woken takes the lock as 2, not as 1: it cannot know that it was
//   the
//      only sleeper. That costs at most one needless wake-up.
#ifndef HEDDLE_PRIMITIVES_MUTEX_FUTEX_MUTEX_H_
#define HEDDLE_PRIMITIVES_MUTEX_FUTEX_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class FutexMutex {
 public:
  FutexMutex() = default;
  FutexMutex(const FutexMutex&) = delete;
  FutexMutex& operator=(const FutexMutex&) = delete;

  void lock() {
    if (!try_lock()) (void)lock_until(kNever);
  }

  // Never waits. False says only that the mutex was seen held.
  bool try_lock() {
    std::uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kLocked,
                                          order<P>("lock_relaxed", std::memory_order_acquire),
                                          std::memory_order_relaxed);
  }

  void unlock() {
    const std::uint32_t before =
        state_.exchange(kFree, order<P>("unlock_relaxed", std::memory_order_release));
    // From here on the mutex may be gone.
    if (mutant<P>("peeks_after_unlock") && state_.load(std::memory_order_relaxed) != kFree) return;
    if (!mutant<P>("no_wake") && before == kContended) P::unpark(&state_, 1);
  }

 protected:
  // What lock() does when the mutex was not free at once. False: the deadline passed.
  bool lock_until(Deadline deadline) {
    for (int spin = 0; spin < kSpins; ++spin) {
      const std::uint32_t state = state_.load(std::memory_order_relaxed);
      if (state == kContended) break;  // others sleep already: no reason to be quicker than they
      if (state == kFree && try_lock()) return true;
      P::pause();
    }
    std::uint32_t mark = kContended;  // invariant 2
    while (state_.exchange(mark, order<P>("contended_relaxed", std::memory_order_acquire)) !=
           kFree) {
      const ParkResult result = P::park(&state_, kContended, deadline);
      // Only a timeout may end the wait: a thread that was woken must try, or the wake-up is lost
      // for those who sleep on (state_ is 0 then, and nobody will wake them).
      if (result == ParkResult::kTimedOut) return mutant<P>("timeout_is_success");
      if (mutant<P>("woken_gives_up") && P::Clock::expired(deadline)) return false;
      if (mutant<P>("woken_is_owner")) return true;
      if (mutant<P>("woken_marks_locked")) mark = kLocked;
    }
    return true;
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kLocked = 1;
  static constexpr std::uint32_t kContended = 2;
  static constexpr int kSpins = P::kExhaustive ? 0 : 100;

  typename P::template Atomic<std::uint32_t> state_{kFree};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_FUTEX_MUTEX_H_
