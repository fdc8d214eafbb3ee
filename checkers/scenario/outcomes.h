// SPDX-License-Identifier: Apache-2.0
//
// What an execution ended with, as far as one can see it: the values that were read, the order in
// which messages came out. A scenario observes it in After(), and says what it thinks of each:
//
//   void After() { heddle::Observe(std::to_string(r0) + " " + std::to_string(r1)); }
//   static constexpr GradedOutcome kOutcomes[] = {
//       {"0 0", Grade::kInteresting, "both stores were still in their store buffers"}, ...};
//
// Every engine counts them; one that is graded forbidden, or not listed where others are, ends the
// execution with Verdict::kForbiddenOutcome. Grades after openjdk/jcstress, Expect.java.
#ifndef HEDDLE_CHECKERS_SCENARIO_OUTCOMES_H_
#define HEDDLE_CHECKERS_SCENARIO_OUTCOMES_H_

#include <cstddef>
#include <source_location>
#include <span>
#include <string_view>
#include <vector>

#include "checkers/scenario/outcome_count.h"

namespace heddle {

struct GradedOutcome {
  std::string_view outcome;
  Grade grade = Grade::kAcceptable;
  std::string_view sentence = {};  // why
};

// At most this many different outcomes are told apart, by their first kLongestOutcome bytes.
inline constexpr std::size_t kMostOutcomes = 1024;
inline constexpr std::size_t kLongestOutcome = 48;

// Counts one execution with that outcome. Lock-free; orders nothing for the threads that call it.
void Observe(std::string_view outcome,
             std::source_location where = std::source_location::current());

namespace outcomes_internal {

// Starts counting anew, in memory that is shared with the processes forked from now on and that no
// engine takes for the program's. `grades` must outlive the count. False when there is no memory.
bool Begin(std::span<const GradedOutcome> grades);

// What was counted: the graded ones in the order given, counted or not; then others by their text.
std::vector<OutcomeCount> Collect();

}  // namespace outcomes_internal
}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_OUTCOMES_H_
