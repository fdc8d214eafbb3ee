// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_BARRIER_H_
#define HEDDLE_STRESS_BARRIER_H_

#include <atomic>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle::stress {

// A rendezvous of a fixed number of threads, again and again. Spins briefly, so that threads on
// processors of their own leave it within some 100 ns of each other, then yields, then sleeps.
// models/stress has its scenarios.
template <Platform P = StdPlatform>
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads), missing_(threads) {}

  void Wait() {
    const std::uint32_t turn = turn_.load(std::memory_order_relaxed);
    // acq_rel: the last to arrive has seen what all others did, and passes it on through turn_.
    if (missing_.fetch_sub(1, order<P>("arrival_relaxed", std::memory_order_acq_rel)) == 1) {
      missing_.store(threads_, std::memory_order_relaxed);
      turn_.store(turn + 1, order<P>("turn_relaxed", std::memory_order_release));
      if (!mutant<P>("no_wake")) P::unpark(&turn_, threads_);
      return;
    }
    for (int i = 0; turn_.load(order<P>("look_relaxed", std::memory_order_acquire)) == turn; ++i) {
      if (i < kSpins) {
        P::pause();
      } else if (i < kSpins + kYields) {
        P::yield();
      } else {
        P::park(&turn_, turn, kNever);
      }
    }
  }

 private:
  static constexpr int kSpins = P::kExhaustive ? 0 : 300;
  static constexpr int kYields = P::kExhaustive ? 0 : 10;

  const int threads_;
  alignas(kCacheLine) typename P::template Atomic<int> missing_;
  alignas(kCacheLine) typename P::template Atomic<std::uint32_t> turn_{0};
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_BARRIER_H_
