// SPDX-License-Identifier: Apache-2.0
//
// Perturbation of real threads: delays, migrations and permitted spurious failures, drawn at every
// platform operation by a seeded generator of the thread's own. Nothing here synchronizes, so noise
// adds no happens-before edge that could hide a race from ThreadSanitizer.
#ifndef HEDDLE_STRESS_NOISE_H_
#define HEDDLE_STRESS_NOISE_H_

#include <cstdint>
#include <limits>

#include "stress/mode.h"
#include "stress/random.h"

namespace heddle::stress {

void SleepMicroseconds(std::uint32_t us);

class Noise {
 public:
  // `rank`: the thread's place in an order of all threads, drawn for the round; kSlowThread slows
  // down rank 0, and kPriorities each the more the higher its rank is.
  void Start(const Mode& mode, std::uint64_t seed, int rank);
  void Stop() { until_delay_ = until_move_ = kNever; }

  // One platform operation.
  void Point() {
    if (skip_next_) [[unlikely]] {
      skip_next_ = false;
      return;
    }
    if (--until_delay_ == 0) Delay();
    if (--until_move_ == 0) Move();
  }
  // The next operation is the next look of a loop that waits: delaying it changes nothing, and a
  // bounded spin would never be seen to give up.
  void SkipNext() { skip_next_ = true; }

  // Whether an operation that may fail, or wake up, for no reason does so now.
  bool Spurious() { return until_delay_ < kNever / 2 && random_.Below(6) == 0; }

  Random& random() { return random_; }

 private:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  void Delay();
  void Move();

  bool skip_next_ = false;
  std::uint64_t until_delay_ = kNever;
  std::uint64_t until_move_ = kNever;
  Mode mode_;
  std::uint32_t burst_left_ = 0;
  std::uint32_t slowness_us_ = 0;
  std::uint32_t until_change_ = 0;  // operations to a change of priority
  Random random_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_NOISE_H_
