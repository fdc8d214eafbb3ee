// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_PROCESS_PLAIN_ROBUST_MUTEX_H_
#define HEDDLE_MODELS_PROCESS_PLAIN_ROBUST_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "primitives/platform.h"
#include "primitives/process/robust_mutex.h"

namespace heddle {

// What a RobustMutex is to a SharedRing, but whoever waits polls. RobustMutex itself is checked in
// robust_mutex_model.cc; over this one there is less to explore of what a ring does with it.
template <RobustPlatform P>
class PlainRobustMutex {
  using Shared = typename P::Shared;

 public:
  // No deadline ends the wait.
  RobustStatus try_lock_until(Deadline /*deadline*/) {
    Shared::begin(entry_);
    std::uint32_t seen = 0;
    while (!entry_.word.compare_exchange_strong(seen, Shared::self() | (seen & kRobustOwnerDied),
                                                std::memory_order_acquire,
                                                std::memory_order_relaxed)) {
      if ((seen & kRobustOwner) == 0) continue;
      P::yield();
      seen = 0;
    }
    if (lost_.get()) {
      entry_.word.store(0, std::memory_order_release);
      Shared::end();
      return RobustStatus::kNotRecoverable;
    }
    Shared::list(entry_);
    Shared::end();
    return (seen & kRobustOwnerDied) != 0 ? RobustStatus::kOwnerDied : RobustStatus::kOk;
  }

  void make_consistent() { entry_.word.fetch_and(~kRobustOwnerDied, std::memory_order_relaxed); }

  void unlock() {
    if ((entry_.word.load(std::memory_order_relaxed) & kRobustOwnerDied) != 0) lost_.set(true);
    Shared::begin(entry_);
    Shared::unlist(entry_);
    entry_.word.store(0, std::memory_order_release);
    Shared::end();
  }

 private:
  typename Shared::Entry entry_;
  typename Shared::template Var<bool> lost_{false};
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_PROCESS_PLAIN_ROBUST_MUTEX_H_
