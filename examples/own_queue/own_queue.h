// SPDX-License-Identifier: Apache-2.0
//
// A queue that is not Heddle's: for one producer, one consumer and two items.
#ifndef EXAMPLES_OWN_QUEUE_OWN_QUEUE_H_
#define EXAMPLES_OWN_QUEUE_OWN_QUEUE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

#include "primitives/mutant.h"
#include "primitives/std_platform.h"

template <class P = heddle::StdPlatform>
class OwnQueue {
 public:
  bool push(int item) {
    const std::size_t pushed = pushed_.load(std::memory_order_relaxed);
    if (pushed - popped_.load(std::memory_order_acquire) == kSize) return false;
    items_[pushed % kSize].set(item);
    pushed_.store(pushed + 1, heddle::order<P>("publish_relaxed", std::memory_order_release));
    return true;
  }
  std::optional<int> pop() {
    const std::size_t popped = popped_.load(std::memory_order_relaxed);
    if (popped == pushed_.load(std::memory_order_acquire)) return std::nullopt;
    const int item = items_[popped % kSize].get();
    popped_.store(popped + 1, std::memory_order_release);
    return item;
  }

 private:
  static constexpr std::size_t kSize = 2;
  std::array<typename P::template Var<int>, kSize> items_;
  typename P::template Atomic<std::size_t> pushed_{0};
  typename P::template Atomic<std::size_t> popped_{0};
};

#endif  // EXAMPLES_OWN_QUEUE_OWN_QUEUE_H_
