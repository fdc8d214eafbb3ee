// SPDX-License-Identifier: Apache-2.0
//
// The largest values that options of an exploration take.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIMITS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIMITS_H_

#include <cstdint>

namespace heddle::explorer {

inline constexpr std::uint64_t kMostJobs = 1024;
inline constexpr std::uint64_t kMostShards = 512;
inline constexpr std::uint64_t kMostUnrolled = 60000;
inline constexpr std::uint64_t kMostPctDepth = 1000;
inline constexpr std::uint64_t kMostPreemptions = 1000;

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIMITS_H_
