// SPDX-License-Identifier: Apache-2.0
//
// A platform whose mutant is chosen when the process starts: one binary for all mutants of a
// header, where building one for each would take longer than running it.
#ifndef HEDDLE_STRESS_CHOSEN_MUTANT_H_
#define HEDDLE_STRESS_CHOSEN_MUTANT_H_

#include <atomic>
#include <cstdlib>
#include <string_view>

namespace heddle::stress {

// The mutant that the variable HEDDLE_MUTANT names; none when it is not set.
template <class P>
struct ChosenMutant : P {
  static inline const std::string_view kMutant = [] {
    const char* const name = std::getenv("HEDDLE_MUTANT");
    return std::string_view(name == nullptr ? "" : name);
  }();
  static inline std::atomic<bool> reached{false};
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_CHOSEN_MUTANT_H_
