// SPDX-License-Identifier: Apache-2.0
//
// How a scenario's time is divided over its variants, each of which is a process.
#ifndef HEDDLE_CHECKERS_SCENARIO_VARIANT_TIME_H_
#define HEDDLE_CHECKERS_SCENARIO_VARIANT_TIME_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace heddle {

class VariantTime {
 public:
  // A process took so much longer than it was told to.
  void Add(double seconds) { cost_ += (std::max(0.0, seconds) - cost_) / 4; }

  // What a scenario may take whose share is `seconds`: those before may have taken too long.
  double Left(double seconds) const { return std::max(seconds / 4, seconds - debt_); }
  // A scenario whose share was `share` has taken `seconds`.
  void Spent(double seconds, double share) { debt_ = std::max(0.0, debt_ + seconds - share); }

  // Which of `count` variants to run in `seconds`: all, or else as many as leave each at least half
  // as much time as its process costs; at least one. Which ones depends on the scenario and the
  // seed, so that over many scenarios each variant gets its share.
  std::vector<std::size_t> Choose(std::size_t count, double seconds, std::string_view scenario,
                                  std::uint64_t seed) const {
    const double each = cost_ + std::max(kLeast, cost_ / 2);
    const std::size_t most = seconds < each * static_cast<double>(count)
                                 ? static_cast<std::size_t>(seconds / each)
                                 : count;
    const std::size_t chosen = std::max<std::size_t>(1, most);
    std::uint64_t hash = seed * 0x9e3779b97f4a7c15U;
    for (const char c : scenario) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash ^= hash >> 32;
    std::vector<std::size_t> variants;
    for (std::size_t i = 0; i < chosen; ++i) {
      const std::size_t first = chosen == count ? 0 : static_cast<std::size_t>(hash % count);
      variants.push_back((first + i * count / chosen) % count);
    }
    return variants;
  }

  // Whether there is time for one more, in `seconds`. What a process costs is not known before the
  // first ones have run.
  bool Allows(double seconds) const { return seconds >= cost_; }

  // Of each of so many.
  double SecondsOf(std::size_t chosen, double seconds) const {
    return std::max(kLeast, seconds / static_cast<double>(chosen) - cost_);
  }

 private:
  static constexpr double kLeast = 0.002;

  double cost_ = 0.005;
  double debt_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_VARIANT_TIME_H_
