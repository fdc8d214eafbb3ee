// SPDX-License-Identifier: Apache-2.0
//
// The runtime's own lock, for its slow path only: the host's lock functions are the ones that are
// being observed. The three states of Drepper's "Futexes Are Tricky" (mutex2): 0 free, 1 held,
// 2 held and somebody may sleep. Not reentrant; who takes it with a FutexLocker
// (futex_locker.h) is not interrupted by signal handlers.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_

#include "checkers/lock_order/runtime/platform.h"

namespace heddle::lock_order {

template <class P>
class BasicFutexLock {
 public:
  void lock() {
    uint32_t expected = 0;
    if (word_.compare_exchange_strong(expected, 1,
                                      order<P>("lock_relaxed", std::memory_order_acquire),
                                      std::memory_order_relaxed)) {
      return;
    }
    // Whoever was woken cannot know that it was the last to sleep: it takes the lock as 2 as well.
    while (word_.exchange(2, order<P>("contended_relaxed", std::memory_order_acquire)) != 0) {
      P::park(&word_, 2);
    }
  }

  void unlock() {
    if (word_.exchange(0, order<P>("unlock_relaxed", std::memory_order_release)) == 2 &&
        !mutant<P>("no_wake")) {
      P::unpark(&word_, 1);
    }
  }

  // In a forked child, whose copy may be held by a thread that does not exist there.
  void reset() { word_.store(0, std::memory_order_relaxed); }

 private:
  typename P::template Atomic<uint32_t> word_{0};
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_
