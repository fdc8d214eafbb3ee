// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_BARRIER_H_
#define HEDDLE_STRESS_BARRIER_H_

#include <sched.h>

#include <atomic>
#include <cstdint>

#include "primitives/std_platform.h"

namespace heddle::stress {

// A rendezvous of a fixed number of threads, again and again. Spins briefly, so that threads on
// processors of their own leave it within some 100 ns of each other, then yields, then sleeps.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads), missing_(threads) {}

  void Wait() {
    const std::uint32_t turn = turn_.load(std::memory_order_relaxed);
    // acq_rel: the last to arrive has seen what all others did, and passes it on through turn_.
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      missing_.store(threads_, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      StdPlatform::unpark(&turn_, threads_);
      return;
    }
    for (int i = 0; turn_.load(std::memory_order_acquire) == turn; ++i) {
      if (i < 300) {
        StdPlatform::pause();
      } else if (i < 310) {
        sched_yield();
      } else {
        StdPlatform::park(&turn_, turn, kNever);
      }
    }
  }

 private:
  const int threads_;
  alignas(kCacheLine) std::atomic<int> missing_;
  alignas(kCacheLine) std::atomic<std::uint32_t> turn_{0};
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_BARRIER_H_
