// SPDX-License-Identifier: Apache-2.0
//
// StdPlatform that counts its system calls, for tests of "makes no system call".
#ifndef HEDDLE_PRIMITIVES_SEMAPHORE_COUNTING_PLATFORM_H_
#define HEDDLE_PRIMITIVES_SEMAPHORE_COUNTING_PLATFORM_H_

#include <atomic>
#include <cstdint>

#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

struct CountingPlatform : StdPlatform {
  static inline std::atomic<int> parks{0};
  static inline std::atomic<int> unparks{0};

  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    parks.fetch_add(1, std::memory_order_relaxed);
    return StdPlatform::park(word, value, deadline);
  }
  static void unpark(Atomic<std::uint32_t>* word, int count) {
    unparks.fetch_add(1, std::memory_order_relaxed);
    StdPlatform::unpark(word, count);
  }
  static void reset() {
    parks.store(0, std::memory_order_relaxed);
    unparks.store(0, std::memory_order_relaxed);
  }
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_SEMAPHORE_COUNTING_PLATFORM_H_
