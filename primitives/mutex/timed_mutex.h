// SPDX-License-Identifier: Apache-2.0
//
// In short: futex mutex with deadlines; a waiter that gives up costs nobody a wake-up.
//
// A FutexMutex whose lock can be waited for with a limit. Everything that futex_mutex.h says holds
// here, and lock(), try_lock() and unlock() cost the same.
//
// Deadlines are absolute points of the monotonic clock, so neither signals nor clock changes
// stretch a wait. Guarantees of the timed operations
//   They succeed if the mutex is free at the call, even when the deadline has passed.
//   They return false only after the deadline, without the lock, and without having cost anybody
//   else a wake-up: a thread that was woken never gives up, it tries first; if somebody else was
//   quicker, its mark (state 2) makes that holder wake the next sleeper. Giving up may leave state
//   2 behind, which costs one needless wake-up call.
#ifndef HEDDLE_PRIMITIVES_MUTEX_TIMED_MUTEX_H_
#define HEDDLE_PRIMITIVES_MUTEX_TIMED_MUTEX_H_

#include <chrono>

#include "primitives/mutex/futex_mutex.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class TimedMutex : public FutexMutex<P> {
 public:
  // True: the caller holds the mutex. kNever is no limit.
  bool try_lock_until(Deadline deadline) { return this->try_lock() || this->lock_until(deadline); }

  template <class Rep, class Period>
  bool try_lock_for(std::chrono::duration<Rep, Period> duration) {
    if (this->try_lock()) return true;
    return this->lock_until(deadline_after(duration));
  }

 private:
  // Now + duration, rounded up: never too early. kNever where that is beyond the clock's range.
  template <class Rep, class Period>
  static Deadline deadline_after(std::chrono::duration<Rep, Period> duration) {
    using Float = std::chrono::duration<long double, Deadline::period>;
    const Deadline now = P::Clock::now();
    if (duration <= duration.zero()) return now;
    if (Float(duration) >= Float(kNever - now)) return kNever;
    return now + std::chrono::ceil<Deadline::duration>(duration);
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_TIMED_MUTEX_H_
