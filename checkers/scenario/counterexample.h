// SPDX-License-Identifier: Apache-2.0
//
// A counterexample is a text file: a header of "key: value" lines that replays it, a blank line,
// and the interleaving for people.
#ifndef HEDDLE_CHECKERS_SCENARIO_COUNTEREXAMPLE_H_
#define HEDDLE_CHECKERS_SCENARIO_COUNTEREXAMPLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace heddle {

struct Counterexample {
  std::string scenario;
  std::string mutant;  // empty: the shipped code
  std::string engine;
  std::string mode;
  std::string verdict;
  std::string state;  // engine-specific: what repeats the execution
  std::string text;
};

// Replaces the file or leaves it as it was.
absl::Status WriteCounterexample(const std::string& path, const Counterexample& counterexample);

// Errors say what is wrong with which file; another version's file is refused.
absl::StatusOr<Counterexample> ReadCounterexample(const std::string& path);

// Writes `text` to `path`: through a temporary file beside it, so that nobody sees a part. What is
// there and no file (a device, a pipe, a link) is written to as it is, not replaced.
absl::Status WriteFile(const std::string& path, absl::string_view text);
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_COUNTEREXAMPLE_H_
