// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_SCENARIO_OUTCOME_COUNT_H_
#define HEDDLE_CHECKERS_SCENARIO_OUTCOME_COUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

enum class Grade : std::uint8_t {
  kAcceptable,
  kInteresting,  // allowed, and worth to know that it happens
  kForbidden,
};

std::string_view ToString(Grade grade);  // "acceptable"
std::optional<Grade> GradeFromString(std::string_view text);

// How often executions ended with an outcome (outcomes.h), and what the scenario thinks of it.
struct OutcomeCount {
  std::string outcome;
  std::uint64_t count = 0;
  Grade grade = Grade::kAcceptable;
  std::string sentence{};
  friend bool operator==(const OutcomeCount&, const OutcomeCount&) = default;
};

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_OUTCOME_COUNT_H_
