// SPDX-License-Identifier: Apache-2.0
//
// A lock that is not Heddle's. All it needs to be checked is to take its atomics from a template
// parameter; production code names heddle::StdPlatform, whose Atomic<T> is std::atomic<T>.
#ifndef EXAMPLES_OWN_LOCK_HAND_LOCK_H_
#define EXAMPLES_OWN_LOCK_HAND_LOCK_H_

#include <atomic>

#include "primitives/mutant.h"
#include "primitives/std_platform.h"

template <class P = heddle::StdPlatform>
class HandLock {
 public:
  void lock() {
    while (taken_.exchange(true, std::memory_order_acquire)) P::pause();
  }
  void unlock() {
    taken_.store(false, heddle::order<P>("unlock_relaxed", std::memory_order_release));
  }

 private:
  typename P::template Atomic<bool> taken_{false};
};

#endif  // EXAMPLES_OWN_LOCK_HAND_LOCK_H_
