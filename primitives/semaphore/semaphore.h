// SPDX-License-Identifier: Apache-2.0
//
// In short: counting; one word; release makes no system call when nobody waits; deadlines.
//
// Semaphore: a counting semaphore on one four-byte futex word. An acquire() that finds a permit and
// a release() that finds no waiter make no system call; the waiters are counted in the same word as
// the permits, so release() is never wrong about it. State table and invariants: permit_word.h.
//
// Guarantees
//   publication   release() happens-before the return of an acquire that its permit made possible.
//   progress      release() is wait-free: one atomic addition, at most one system call.
//                 try_acquire() is lock-free. A permit and a sleeper never stay side by side.
//   fairness      none: a thread that arrives may take a permit before a sleeper that was woken
//                 for it. That keeps the semaphore fast when threads outnumber processors.
//   timeouts      a waiter that gives up takes no wake-up with it: it leaves in the same step that
//                 finds no permit. A deadline in the past makes attempts, but does not sleep.
//   destruction   allowed as soon as every acquire has returned and every release() has at least
//                 added its permits, e.g. by the thread whose acquire took the last one; the
//                 release() need not have returned.
//   signals       release() and try_acquire() may be called from a signal handler; errno is kept.
//   fork          the child gets a copy in which the parent's sleepers still count: it should make
//                 a new one. Not for memory shared between processes.
//
// Bounds: 2^kPermitBits - 1 permits (1,048,575); adding more calls std::abort(). The other bits
// count waiters, up to 4,095; threads beyond that wait awake, yielding the processor. Permits
// belong to nobody: any thread may release.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_SEMAPHORE_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_SEMAPHORE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/semaphore/permit_word.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform, int kPermitBits = 20>
class Semaphore {
  using Word = semaphore_internal::PermitWord<P, kPermitBits>;

 public:
  static constexpr std::uint32_t kMaxPermits = Word::kMaxPermits;
  static constexpr std::uint32_t kMaxWaiters = Word::kMaxWaiters;

  explicit Semaphore(std::uint32_t permits) : word_(permits) {
    if (permits > kMaxPermits) std::abort();
  }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void acquire() { (void)word_.try_acquire_until(kNever); }

  // False when there was no permit. Never fails for another reason.
  [[nodiscard]] bool try_acquire() { return word_.try_acquire(); }

  // False when the deadline passed without a permit. May sleep.
  [[nodiscard]] bool try_acquire_until(Deadline deadline) {
    return word_.try_acquire_until(deadline);
  }
  template <class Rep, class Period>
  [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> timeout) {
    return try_acquire_until(semaphore_internal::after<P>(timeout));
  }

  void release(std::uint32_t permits = 1) {
    if (permits > kMaxPermits) std::abort();
    // release: hands everything before it to whoever takes one of these permits.
    const std::uint32_t before =
        word_.word().fetch_add(permits, order<P>("release_relaxed", std::memory_order_release));
    if (mutant<P>("touch_after_release")) (void)word_.load();
    if (Word::permits_in(before) + permits > kMaxPermits) std::abort();
    word_.wake(before, permits);
  }

  // For tests and statistics: out of date as soon as they return.
  std::uint32_t permits() const { return Word::permits_in(word_.load()); }
  std::uint32_t waiters() const { return Word::waiters_in(word_.load()); }

 private:
  Word word_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_SEMAPHORE_H_
