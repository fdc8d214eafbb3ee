// SPDX-License-Identifier: Apache-2.0
//
// In short: one-shot; set once, wait any number of times; the only waiter may destroy it at once.
//
// Event: it happens once, and everybody who waits for it goes on. One four-byte futex word that
// only grows, like the state of a futex mutex (Drepper, "Futexes Are Tricky") without a way back.
//
//   word        meaning                         set()            wait()
//   kUnset   0  has not happened, nobody slept  -> kSet          -> kWaiting, park
//   kWaiting 1  has not happened, somebody may  -> kSet, wake    park
//               be parked                       all
//   kSet     2  has happened                    stays            returns
//
// I1  A thread parks only on kWaiting, so whoever replaces kWaiting knows that it must wake.
// I2  set() does not touch the word after the step that makes it kSet.
//
// Guarantees
//   publication   a set() happens-before the return of any wait(), true wait_until() or true
//                 is_set() that comes from it, or from a later set(). Setting again is harmless.
//   progress      set() is wait-free: one atomic exchange, and one system call if a thread has gone
//                 to sleep. A sleeper that timed out leaves kWaiting behind, so one needless call
//                 in the event's life is possible. is_set() is one load.
//   destruction   whoever returns from wait() (or sees true) may destroy the event at once, even
//                 while the set() that it saw has not returned (I2), provided that no other wait
//                 and no other set() is under way or to come.
//   signals       set() and is_set() may be called from a signal handler; errno is kept.
//   fork          the child gets a copy as it is then. Not for memory shared between processes.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_EVENT_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_EVENT_H_

#include <atomic>
#include <climits>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/semaphore/spin.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set() {
    // release: hands everything before it to whoever sees kSet.
    std::uint32_t before = word_.exchange(kSet, order<P>("set_relaxed", std::memory_order_release));
    if (mutant<P>("touch_after_set")) word_.load(std::memory_order_relaxed);
    if (before != kWaiting || mutant<P>("no_wake")) return;
    P::unpark(&word_, mutant<P>("wake_one") ? 1 : INT_MAX);
  }

  [[nodiscard]] bool is_set() const {
    return word_.load(order<P>("is_set_relaxed", std::memory_order_acquire)) == kSet;
  }

  void wait() { (void)wait_until(kNever); }

  // False when the deadline passed and the event has not happened.
  [[nodiscard]] bool wait_until(Deadline deadline) {
    for (int turn = 0;; ++turn) {
      // acquire: pairs with set().
      std::uint32_t word = word_.load(order<P>("wait_relaxed", std::memory_order_acquire));
      if (word == kSet) return true;
      if (turn < semaphore_internal::kSpins<P>) {
        semaphore_internal::spin<P>(turn);
        continue;
      }
      if (word == kUnset && !mutant<P>("not_marked") &&
          !word_.compare_exchange_strong(word, kWaiting, std::memory_order_relaxed,
                                         std::memory_order_relaxed)) {
        continue;
      }
      const std::uint32_t parked = mutant<P>("not_marked") ? kUnset : kWaiting;
      if (P::park(&word_, parked, deadline) == ParkResult::kTimedOut) return is_set();
    }
  }

 private:
  static constexpr std::uint32_t kUnset = 0;
  static constexpr std::uint32_t kWaiting = 1;
  static constexpr std::uint32_t kSet = 2;

  typename P::template Atomic<std::uint32_t> word_{kUnset};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_EVENT_H_
