// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_RANDOM_H_
#define HEDDLE_STRESS_RANDOM_H_

#include <cstdint>

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

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_RANDOM_H_
