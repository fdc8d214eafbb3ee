// SPDX-License-Identifier: Apache-2.0
//
// Perturbation of real threads: delays, migrations and permitted spurious failures, drawn at every
// platform operation by a seeded generator of the thread's own. Nothing here synchronizes, so noise
// adds no happens-before edge that could hide a race from ThreadSanitizer.
#ifndef HEDDLE_STRESS_NOISE_H_
#define HEDDLE_STRESS_NOISE_H_

#include <cstdint>
#include <limits>
#include <string>

namespace heddle::stress {

class Random {
 public:
  explicit Random(std::uint64_t seed = 0) : state_(seed) {}

  // splitmix64: any seed is a good seed.
  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }
  // In [0, count).
  std::uint32_t Below(std::uint32_t count) {
    return static_cast<std::uint32_t>((Next() >> 32) * count >> 32);
  }

 private:
  std::uint64_t state_;
};

enum class NoiseKind : std::uint8_t {
  kOff,
  kPauses,      // a delay of 0 to 300 us at one operation in some 25
  kBursts,      // full speed, then 4 to 12 operations in a row are delayed by 20 to 80 us each
  kSlowThread,  // one thread is delayed at every operation, the others run at full speed
};

struct Mode {
  NoiseKind noise = NoiseKind::kOff;
  bool sweep = false;  // threads move to another processor in the middle of their work
  friend bool operator==(const Mode&, const Mode&) = default;
};

std::string ToString(const Mode& mode);  // "noise=off", "noise=pauses,affinity=sweep"

void SleepMicroseconds(std::uint32_t us);

class Noise {
 public:
  // `victim`: whether this is the thread that kSlowThread slows down.
  void Start(const Mode& mode, std::uint64_t seed, bool victim);
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
  Random random_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_NOISE_H_
