// SPDX-License-Identifier: Apache-2.0
//
// Holds the recorder's lock for a scope. No handler of the host's runs meanwhile: it could wait for
// a lock whose holder waits for the recorder's. A signal that comes is delivered when the scope
// ends (interpose_signal.cc), which costs nothing where none comes. That is so of handlers that
// were installed by the interposed functions; faults are delivered at once.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCKER_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCKER_H_

#include "checkers/lock_order/runtime/futex_lock.h"
#include "checkers/lock_order/runtime/thread_state.h"

namespace heddle::lock_order {

using FutexLock = BasicFutexLock<RuntimePlatform>;

class FutexLocker {
 public:
  explicit FutexLocker(FutexLock& lock) : t_(t_self), lock_(lock) {
    t_.locked = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    lock_.lock();
  }
  ~FutexLocker() {
    lock_.unlock();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    t_.locked = false;
    // What comes from here on is not deferred.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (HEDDLE_UNLIKELY(t_.deliver_deferred != nullptr)) t_.deliver_deferred(t_);
  }
  FutexLocker(const FutexLocker&) = delete;
  FutexLocker& operator=(const FutexLocker&) = delete;

 private:
  ThreadState& t_;
  FutexLock& lock_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_FUTEX_LOCKER_H_
