// SPDX-License-Identifier: Apache-2.0
//
// In short: one waits, one opens; spins, yields, then parks; the waiting place of MCS and CLH.
//
// The place where a queue lock's waiter waits: one thread waits, one other thread opens. The waiter
// spins, then yields, then sleeps, so a queue of waiters leaves the processors to whoever can use
// them.
//
// Thread safety: at most one thread is in wait() and at most one calls open() between two close().
//
// State    Meaning                                  Who may change it
// closed   the waiter, if any, is awake             the waiter to parked; the opener to open
// parked   the waiter sleeps or is about to         the opener to open
// open     the waiter may go                        the owner of the gate to closed, by close()
//
// Invariant: the waiter sleeps only after it has changed closed to parked, and open() wakes it if
// it finds parked; the change is one step, so one of the two sees the other.
//
// open() does not touch the gate after the waiter can have returned: the waiter may destroy the
// gate.
#ifndef HEDDLE_PRIMITIVES_MUTEX_GATE_H_
#define HEDDLE_PRIMITIVES_MUTEX_GATE_H_

#include <atomic>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"

namespace heddle {

template <Platform P>
class Gate {
 public:
  enum class Initially : std::uint32_t { kClosed, kOpen };
  explicit Gate(Initially state) : state_(state == Initially::kOpen ? kOpen : kClosed) {}

  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Only while nobody else knows the gate: whoever makes it known orders this store.
  void close() { state_.store(kClosed, std::memory_order_relaxed); }

  // What happened before open() happens before the return of wait().
  void open() {
    const std::uint32_t before =
        state_.exchange(kOpen, order<P>("open_relaxed", std::memory_order_release));
    // From here on the gate may be gone.
    if (mutant<P>("peeks_after_open") && state_.load(std::memory_order_relaxed) != kOpen) return;
    if (!mutant<P>("no_wake") && before == kParked) P::unpark(&state_, 1);
  }

  void wait() {
    if (mutant<P>("no_wait")) return;
    for (int look = 0;; ++look) {
      if (is_open()) return;
      if (look == kSpins + kYields) break;
      look < kSpins ? P::pause() : P::yield();
    }
    if (announce_sleep()) P::park(&state_, kParked, kNever);
    while (!is_open() && !mutant<P>("woken_goes_through")) P::park(&state_, kParked, kNever);
  }

 private:
  static constexpr std::uint32_t kClosed = 0;
  static constexpr std::uint32_t kParked = 1;
  static constexpr std::uint32_t kOpen = 2;
  static constexpr int kSpins = P::kExhaustive ? 0 : 100;
  static constexpr int kYields = P::kExhaustive ? 0 : 20;

  // False: the gate is open; is_open() says so again, and orders.
  bool announce_sleep() {
    if (mutant<P>("parks_in_two_steps")) {
      if (state_.load(std::memory_order_relaxed) == kOpen) return false;
      state_.store(kParked, std::memory_order_relaxed);
      return true;
    }
    std::uint32_t expected = kClosed;
    return state_.compare_exchange_strong(expected, kParked, std::memory_order_relaxed,
                                          std::memory_order_relaxed);
  }

  bool is_open() const {
    return state_.load(order<P>("wait_relaxed", std::memory_order_acquire)) == kOpen;
  }

  typename P::template Atomic<std::uint32_t> state_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_GATE_H_
