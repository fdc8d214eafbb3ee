// SPDX-License-Identifier: Apache-2.0
//
// In short: reusable; fixed number of threads; true to exactly one thread a phase; spins, yields,
//   then parks.
//
// SenseBarrier: the centralized sense-reversing barrier (Mellor-Crummey and Scott, "Algorithms for
// Scalable Synchronization on Shared-Memory Multiprocessors", 1991, algorithm 7) for a fixed number
// of threads. Two deviations: the sense is a phase number that each thread reads from the barrier
// when it arrives, so no thread carries state from one phase to the next; and whoever waits spins
// briefly, yields a few times, then parks, so threads that outnumber the processors do not stop
// each other.
//
//   phase_ = phase << 1 | parked
//   parked  meaning                                last to arrive             the others
//   0       phase open, nobody sleeps              phase + 1                  parked = 1, park
//   1       phase open, somebody may be parked     phase + 1, wake all        park
//
// I1  A phase ends only when all threads have arrived in it; so the phase that a thread reads
//     before it arrives is the one in which it arrives.
// I2  arrived_ is back at zero before the next phase opens.
// I3  A thread parks only on a word with parked = 1; opening the next phase clears it.
//
// Guarantees
//   publication   everything before any thread's arrival in a phase happens-before every return
//                 from that phase.
//   progress      blocking; the last to arrive wakes all who sleep, nobody is left behind.
//   destruction   only after every thread's last arrive_and_wait() has returned.
//   signals       not to be called from a signal handler.
//   fork          the parent's threads never arrive in the child. Not for memory shared between
//                 processes.
//
// Bounds: at least one thread, at most kMaxThreads; other numbers call std::abort(). The phase
// wraps around, harmlessly since nobody is two phases behind. With more than `threads` callers at a
// time the phases are undefined.
#ifndef HEDDLE_PRIMITIVES_BARRIER_SENSE_BARRIER_H_
#define HEDDLE_PRIMITIVES_BARRIER_SENSE_BARRIER_H_

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
class SenseBarrier {
 public:
  static constexpr std::uint32_t kMaxThreads = INT_MAX;

  explicit SenseBarrier(std::uint32_t threads) : threads_(threads) {
    if (threads == 0 || threads > kMaxThreads) std::abort();
  }
  SenseBarrier(const SenseBarrier&) = delete;
  SenseBarrier& operator=(const SenseBarrier&) = delete;

  // Returns when all threads have arrived; true for exactly one of them (the last) in each phase.
  bool arrive_and_wait() {
    // relaxed: this thread has seen the current phase open already, and it cannot end yet (I1).
    std::uint32_t phase = phase_.load(std::memory_order_relaxed) & ~kParked;
    const std::uint32_t before = arrive();
    if (mutant<P>("late_phase")) phase = phase_.load(std::memory_order_relaxed) & ~kParked;
    if (before + 1 == threads_) {
      open(phase + kPhase);
      return true;
    }
    wait_while(phase);
    return false;
  }

 private:
  static constexpr std::uint32_t kParked = 1;
  static constexpr std::uint32_t kPhase = 2;

  std::uint32_t arrive() {
    if (mutant<P>("arrive_not_atomic")) {
      const std::uint32_t before = arrived_.load(std::memory_order_relaxed);
      arrived_.store(before + 1, std::memory_order_relaxed);
      return before;
    }
    // release: for the last to arrive; acquire: the last hands on what all before it did.
    return arrived_.fetch_add(1, order<P>("arrive_not_release",
                                          order<P>("arrive_not_acquire", std::memory_order_acq_rel,
                                                   std::memory_order_release),
                                          std::memory_order_acquire));
  }

  void open(std::uint32_t next) {
    // relaxed: published with the phase (I2).
    if (!mutant<P>("late_reset") && !mutant<P>("no_reset")) {
      arrived_.store(0, std::memory_order_relaxed);
    }
    // release: hands on all arrivals' past, and the reset.
    const std::uint32_t before =
        phase_.exchange(next, order<P>("open_relaxed", std::memory_order_release));
    if (mutant<P>("late_reset")) arrived_.store(0, std::memory_order_relaxed);
    if ((before & kParked) == 0 || mutant<P>("no_wake")) return;
    P::unpark(&phase_, mutant<P>("wake_one") ? 1 : INT_MAX);
  }

  void wait_while(std::uint32_t phase) {
    for (int turn = 0; turn < semaphore_internal::kSpins<P>; ++turn) {
      if (over(phase)) return;
      semaphore_internal::spin<P>(turn);
    }
    do {
      std::uint32_t word = phase;
      if (!mutant<P>("not_marked") &&
          phase_.compare_exchange_strong(word, phase | kParked, std::memory_order_relaxed,
                                         std::memory_order_relaxed)) {
        word = phase | kParked;
      }
      if ((word & ~kParked) == phase) (void)P::park(&phase_, word, kNever);
    } while (!over(phase));
  }

  bool over(std::uint32_t phase) const {
    // acquire: pairs with open().
    return (phase_.load(order<P>("wait_relaxed", std::memory_order_acquire)) & ~kParked) != phase;
  }

  const std::uint32_t threads_;
  // Apart from each other: waiters read phase_ while others arrive.
  alignas(kCacheLine) typename P::template Atomic<std::uint32_t> arrived_{0};
  alignas(kCacheLine) typename P::template Atomic<std::uint32_t> phase_{0};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_BARRIER_SENSE_BARRIER_H_
