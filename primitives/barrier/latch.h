// SPDX-License-Identifier: Apache-2.0
//
// In short: counts down once; count_down is wait-free; deadlines.
//
// Latch: a counter that falls to zero once, and threads that wait for it. The interface of
// std::latch plus a deadline, on one four-byte futex word; counting down makes no system call
// except for the one that reaches zero, and that only if a thread sleeps.
//
//   word = count << 1 | parked
//   count  parked  meaning                          count_down(n)                 wait()
//   >0     0       open, nobody slept               count - n                     parked = 1, park
//   >0     1       open, somebody may be parked     count - n; at 0 wake all      park
//   0      any     done; never changes again        aborts                        returns
//
// I1  A thread parks only on a word with count > 0 and parked = 1; `parked` is never cleared.
// I2  Every change of the word is a read-modify-write, so the release sequence of each count_down
//     reaches whoever reads count = 0.
// I3  count_down() does not touch the word after its subtraction.
//
// Guarantees
//   publication   every count_down() happens-before the return of any wait(), true wait_until() or
//                 true try_wait().
//   progress      count_down() is wait-free (one atomic subtraction), try_wait() is one load.
//   destruction   allowed once the count is zero and every wait() has returned; no count_down()
//                 need have returned (I3). So a single waiter may destroy the latch at once.
//   signals       count_down() and try_wait() may be called from a signal handler; errno is kept.
//   fork          the child gets a copy as it is then. Not for memory shared between processes.
//
// Bounds: the count is at most kMaxCount. Counting below zero calls std::abort(). Not reusable.
#ifndef HEDDLE_PRIMITIVES_BARRIER_LATCH_H_
#define HEDDLE_PRIMITIVES_BARRIER_LATCH_H_

#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdlib>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/semaphore/spin.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class Latch {
 public:
  static constexpr std::uint32_t kMaxCount = (1U << 31) - 1;

  explicit Latch(std::uint32_t count) : word_(count << 1) {
    if (count > kMaxCount) std::abort();
  }
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void count_down(std::uint32_t n = 1) {
    if (n > kMaxCount) std::abort();
    const std::uint32_t before = subtract(n << 1);
    if (mutant<P>("touch_after_count_down")) word_.load(std::memory_order_relaxed);
    if (before >> 1 < n) std::abort();
    const bool last = before >> 1 == n && n != 0;
    if (!last || (before & kParked) == 0 || mutant<P>("no_wake")) return;
    P::unpark(&word_, mutant<P>("wake_one") ? 1 : INT_MAX);
  }

  [[nodiscard]] bool try_wait() const {
    return word_.load(order<P>("try_wait_relaxed", std::memory_order_acquire)) >> 1 == 0;
  }

  void wait() { (void)wait_until(kNever); }

  // False when the deadline passed and the count is not zero.
  [[nodiscard]] bool wait_until(Deadline deadline) {
    for (int turn = 0;; ++turn) {
      // acquire: pairs with every count_down (I2).
      std::uint32_t word = word_.load(order<P>("wait_relaxed", std::memory_order_acquire));
      if (word >> 1 == 0) return true;
      if (turn < semaphore_internal::kSpins<P>) {
        semaphore_internal::spin<P>(turn);
        continue;
      }
      if ((word & kParked) == 0 && !mutant<P>("not_marked")) {
        if (!word_.compare_exchange_strong(word, word | kParked, std::memory_order_relaxed,
                                           std::memory_order_relaxed)) {
          continue;
        }
        word |= kParked;
      }
      if (P::park(&word_, word, deadline) == ParkResult::kTimedOut) return try_wait();
    }
  }

  void arrive_and_wait() {
    count_down();
    wait();
  }

 private:
  static constexpr std::uint32_t kParked = 1;

  std::uint32_t subtract(std::uint32_t what) {
    // release: hands everything before it to the waiters, through the later count_downs (I2).
    const std::memory_order release = order<P>("count_down_relaxed", std::memory_order_release);
    if (mutant<P>("count_not_atomic")) {
      const std::uint32_t before = word_.load(std::memory_order_relaxed);
      word_.store(before - what, release);
      return before;
    }
    return word_.fetch_sub(what, release);
  }

  typename P::template Atomic<std::uint32_t> word_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_BARRIER_LATCH_H_
