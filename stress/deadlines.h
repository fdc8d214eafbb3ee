// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_DEADLINES_H_
#define HEDDLE_STRESS_DEADLINES_H_

#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "primitives/platform.h"
#include "stress/noise.h"

namespace heddle::stress {

// A scenario's deadlines stand for "some time": each is moved, at its first use in an instance, to
// a random point 0 to 2 ms ahead, so that both ends of a timed wait are seen and nobody waits long.
// All threads then agree on it, hence one that was seen expired stays expired.
class Deadlines {
 public:
  void Reset(std::uint64_t seed) {
    seed_ = seed;
    for (Entry& entry : entries_) {
      entry.given.store(0, std::memory_order_relaxed);
      entry.moved.store(0, std::memory_order_relaxed);
    }
  }

  // Never later than `given`; kNever stays.
  Deadline Moved(Deadline given) {
    if (given == kNever) return given;
    const std::int64_t key = given.time_since_epoch().count();
    const Deadline now = std::chrono::steady_clock::now();
    if (key == 0 || given <= now) return given;
    for (Entry& entry : entries_) {
      std::int64_t there = entry.given.load(std::memory_order_relaxed);
      if (there == 0) {
        if (entry.given.compare_exchange_strong(there, key, std::memory_order_relaxed)) {
          const Deadline moved = std::min(given, now + Ahead(key));
          entry.moved.store(moved.time_since_epoch().count(), std::memory_order_relaxed);
          return moved;
        }
      }
      if (there == key) {
        std::int64_t moved = 0;  // 0: another thread has just claimed the entry
        while ((moved = entry.moved.load(std::memory_order_relaxed)) == 0) sched_yield();
        return Deadline(Deadline::duration(moved));
      }
    }
    return std::min(given, now + kLongest);
  }

 private:
  static constexpr std::chrono::microseconds kLongest{2000};

  std::chrono::microseconds Ahead(std::int64_t key) const {
    Random random(seed_ ^ static_cast<std::uint64_t>(key));
    switch (random.Below(4)) {
      case 0:
        return std::chrono::microseconds(0);
      case 1:
        return std::chrono::microseconds(random.Below(20));
      case 2:
        return std::chrono::microseconds(random.Below(200));
      default:
        return std::chrono::microseconds(random.Below(kLongest.count()));
    }
  }

  struct Entry {
    std::atomic<std::int64_t> given{0};
    std::atomic<std::int64_t> moved{0};
  };

  std::uint64_t seed_ = 0;
  std::array<Entry, 16> entries_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_DEADLINES_H_
