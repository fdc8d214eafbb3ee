// SPDX-License-Identifier: Apache-2.0
//
// The runtime's own lock, for its slow path only: the host's lock functions are the ones that are
// being observed. The three states of Drepper's "Futexes Are Tricky" (mutex2): 0 free, 1 held,
// 2 held and somebody may sleep. Not reentrant; a thread inside the slow path says so in
// ThreadState::busy, which keeps signal handlers out.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_

#include <linux/futex.h>

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

class FutexLock {
 public:
  void lock() {
    uint32_t expected = 0;
    if (word_.compare_exchange_strong(expected, 1, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      return;
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) {
      syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, 2, nullptr, nullptr, 0);
    }
  }

  void unlock() {
    if (word_.exchange(0, std::memory_order_release) == 2) {
      syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
  }

  // In a forked child, whose copy may be held by a thread that does not exist there.
  void reset() { word_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> word_{0};
};

class FutexLocker {
 public:
  explicit FutexLocker(FutexLock& lock) : lock_(lock) { lock_.lock(); }
  ~FutexLocker() { lock_.unlock(); }
  FutexLocker(const FutexLocker&) = delete;
  FutexLocker& operator=(const FutexLocker&) = delete;

 private:
  FutexLock& lock_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCK_H_
