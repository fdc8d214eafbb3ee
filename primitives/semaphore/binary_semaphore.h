// SPDX-License-Identifier: Apache-2.0
//
// In short: one permit; releases merge; no system call when nobody waits; deadlines.
//
// BinarySemaphore: one permit that is there or not, on one four-byte futex word. release() when the
// permit is already there leaves it at one, so it serves as a wake-up flag that does not add up
// (Win32 would say auto-reset event) as well as a lock that another thread may open. State table
// and invariants: permit_word.h, with N at most 1.
//
// Guarantees
//   publication   every release() happens-before the return of the acquire that takes the permit:
//                 of all that were merged into one permit, not only the first.
//   progress      release() is wait-free: one atomic or, at most one system call, none when nobody
//                 waits. try_acquire() is lock-free. The permit and a sleeper never stay side by
//                 side.
//   fairness      none: a thread that arrives may take the permit before a sleeper that was woken.
//   timeouts      a waiter that gives up takes no wake-up with it.
//   destruction   allowed as soon as every acquire has returned and every release() has at least
//                 set the permit, e.g. by the thread whose acquire took it.
//   signals       release() and try_acquire() may be called from a signal handler; errno is kept.
//   fork          as for Semaphore. Not for memory shared between processes.
//
// Bounds: as many waiters as the kernel allows.
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_BINARY_SEMAPHORE_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_BINARY_SEMAPHORE_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/semaphore/permit_word.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class BinarySemaphore {
  using Word = semaphore_internal::PermitWord<P, 1>;

 public:
  explicit BinarySemaphore(bool available) : word_(available ? 1 : 0) {}
  BinarySemaphore(const BinarySemaphore&) = delete;
  BinarySemaphore& operator=(const BinarySemaphore&) = delete;

  void acquire() { (void)word_.try_acquire_until(kNever); }

  // False when the permit was not there. Never fails for another reason.
  [[nodiscard]] bool try_acquire() { return word_.try_acquire(); }

  // False when the deadline passed without the permit. May sleep.
  [[nodiscard]] bool try_acquire_until(Deadline deadline) {
    return word_.try_acquire_until(deadline);
  }
  template <class Rep, class Period>
  [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> timeout) {
    return try_acquire_until(semaphore_internal::after<P>(timeout));
  }

  void release() {
    if (mutant<P>("skip_when_available") && available()) return;
    // release: hands everything before it to whoever takes the permit, also if it was there
    // already.
    const std::memory_order release = order<P>("release_relaxed", std::memory_order_release);
    const std::uint32_t before = mutant<P>("release_adds") ? word_.word().fetch_add(1, release)
                                                           : word_.word().fetch_or(1, release);
    if (mutant<P>("touch_after_release")) (void)word_.load();
    // A permit that was there already has had its wake-up (I2).
    if (Word::permits_in(before) == 0) word_.wake(before, 1);
  }

  // For tests and statistics: out of date as soon as they return.
  bool available() const { return Word::permits_in(word_.load()) != 0; }
  std::uint32_t waiters() const { return Word::waiters_in(word_.load()); }

 private:
  Word word_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_BINARY_SEMAPHORE_H_
