// SPDX-License-Identifier: Apache-2.0
//
// What Semaphore and BinarySemaphore have in common: permits and waiters in one futex word. The
// counting is that of glibc's sem_t (nptl/sem_waitcommon.c), which needs a 64-bit word because it
// leaves 32 bits to each; here both fit into the four bytes that the kernel compares.
//
//   word      31 ............ kPermitBits | kPermitBits-1 ........ 0
//             waiters W                   | permits N
//
//   N    W    meaning                       acquire                     release(n)
//   0    0    all permits are out           W+1, park                   N+n
//   0    >0   W threads park or are about   W+1, park                   N+n, wake min(n, W)
//             to, or woke and have to look
//   >0   0    free                          N-1                         N+n
//   >0   >0   wake-ups are on their way     N-1, or N-1 W-1 if counted  N+n, wake min(n, W)
//
// I1  A thread parks only while it is counted in W, and only on a word whose N is 0.
// I2  Whoever adds n permits to a word with W > 0 wakes min(n, W) threads afterwards. With I1:
//     while N > 0 and somebody is parked, somebody who will take a permit is awake or being woken.
// I3  A counted thread stops being counted by the very step that takes a permit or finds N = 0,
//     so it never leaves with a wake-up that it has not used.
// I4  A releaser does not touch the word after the step that adds the permits.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_PERMIT_WORD_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_PERMIT_WORD_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/semaphore/spin.h"

namespace heddle::semaphore_internal {

template <Platform P, int kPermitBits>
class PermitWord {
  static_assert(kPermitBits >= 1 && kPermitBits <= 31);

 public:
  static constexpr std::uint32_t kMaxPermits = (1U << kPermitBits) - 1;
  static constexpr std::uint32_t kMaxWaiters = (1U << (32 - kPermitBits)) - 1;

  explicit PermitWord(std::uint32_t permits) : word_(permits) {}

  static constexpr std::uint32_t permits_in(std::uint32_t word) { return word & kMaxPermits; }
  static constexpr std::uint32_t waiters_in(std::uint32_t word) { return word >> kPermitBits; }

  typename P::template Atomic<std::uint32_t>& word() { return word_; }
  std::uint32_t load() const { return word_.load(std::memory_order_relaxed); }

  bool try_acquire() {
    std::uint32_t word = load();
    return take(word, kPermit);
  }

  bool try_acquire_until(Deadline deadline) {
    for (int turn = 0; turn < kSpins<P>; ++turn) {
      if (try_acquire()) return true;
      spin<P>(turn);
    }
    return acquire_counted(deadline);
  }

  // The second half of a release; `before` is the word that the permits were added to.
  void wake(std::uint32_t before, std::uint32_t added) {
    const std::uint32_t waiters = waiters_in(before);
    if (waiters == 0 || mutant<P>("no_wake")) return;
    const std::uint32_t count = added < waiters ? added : waiters;
    P::unpark(&word_, mutant<P>("wake_one") ? 1 : static_cast<int>(count));
  }

 private:
  static constexpr std::uint32_t kPermit = 1;
  static constexpr std::uint32_t kWaiter = 1U << kPermitBits;

  // Subtracts `what` (a permit, and the caller's count if it has one) unless there is no permit.
  // `word` is what the caller believes; on failure, what it was really.
  bool take(std::uint32_t& word, std::uint32_t what) {
    // acquire: reads the releaser's addition, or a later step of its release sequence (every change
    // of the word is a read-modify-write, so none ever ends one).
    const std::memory_order acquire = order<P>("acquire_relaxed", std::memory_order_acquire);
    while (permits_in(word) > 0) {
      if (mutant<P>("take_unchecked")) {
        word_.fetch_sub(what, acquire);
        return true;
      }
      if (word_.compare_exchange_strong(word, word - what, acquire, std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // Everything but the taking is relaxed: it concerns this one word only, and a comparison (here or
  // in the kernel) always meets its newest value.
  bool acquire_counted(Deadline deadline) {
    std::uint32_t word = kPermit;  // a guess: a failed exchange finds the newest word
    while (!mutant<P>("not_counted")) {
      if (take(word, kPermit)) return true;
      if (!mutant<P>("crowd_overflows") && waiters_in(word) == kMaxWaiters) {
        // No room to be counted: wait awake.
        if (P::Clock::expired(deadline)) return false;
        P::yield();
        word = load();
      } else if (word_.compare_exchange_strong(word, word + kWaiter, std::memory_order_relaxed,
                                               std::memory_order_relaxed)) {
        word += kWaiter;
        break;
      }
    }
    const bool counted = !mutant<P>("not_counted") && !mutant<P>("take_stays_counted");
    const std::uint32_t mine = counted ? kPermit + kWaiter : kPermit;
    for (bool timed_out = false;;) {  // N is 0 in `word`
      if (!timed_out) {
        // Another thread's counting itself in or out also ends this; then the loop parks again.
        timed_out = P::park(&word_, word, deadline) == ParkResult::kTimedOut;
        if (mutant<P>("leave_woken") && P::Clock::expired(deadline)) {
          word_.fetch_sub(kWaiter, std::memory_order_relaxed);
          return false;
        }
      }
      if (!timed_out) {
        word += kPermit;  // the guess that one permit came
      } else if (mutant<P>("leave_stays_counted") ||
                 word_.compare_exchange_strong(word, word - kWaiter, std::memory_order_relaxed,
                                               std::memory_order_relaxed)) {
        return false;
      }
      if (take(word, mine)) return true;
    }
  }

  typename P::template Atomic<std::uint32_t> word_;
};

// now + timeout, without overflow.
template <Platform P, class Rep, class Period>
Deadline after(std::chrono::duration<Rep, Period> timeout) {
  const Deadline now = P::Clock::now();
  if (timeout >= kNever - now) return kNever;
  return now + std::chrono::ceil<Deadline::duration>(timeout);
}

}  // namespace heddle::semaphore_internal

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_PERMIT_WORD_H_
