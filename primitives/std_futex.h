// SPDX-License-Identifier: Apache-2.0
//
// The futex calls behind park() and unpark(). `flags` is FUTEX_PRIVATE_FLAG, or 0 for words that
// several processes share.
#ifndef HEDDLE_PRIMITIVES_STD_FUTEX_H_
#define HEDDLE_PRIMITIVES_STD_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "primitives/platform.h"

namespace heddle::futex {

inline ParkResult Wait(std::atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline,
                       int flags) {
  // FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, so a signal does not stretch the
  // wait.
  timespec at{};
  const timespec* limit = nullptr;
  if (deadline != kNever) {
    const auto since = deadline.time_since_epoch();
    const auto nanoseconds = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
    at.tv_sec = nanoseconds / 1'000'000'000;
    at.tv_nsec = nanoseconds % 1'000'000'000;
    limit = &at;
  }
  const int saved = errno;
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | flags, value, limit, nullptr,
                              FUTEX_BITSET_MATCH_ANY);
  const bool timed_out = result == -1 && errno == ETIMEDOUT;
  errno = saved;
  return timed_out ? ParkResult::kTimedOut : ParkResult::kWoken;
}

inline void Wake(std::atomic<std::uint32_t>* word, int count, int flags) {
  const int saved = errno;
  syscall(SYS_futex, word, FUTEX_WAKE | flags, count, nullptr, nullptr, 0);
  errno = saved;
}

}  // namespace heddle::futex

#endif  // HEDDLE_PRIMITIVES_STD_FUTEX_H_
