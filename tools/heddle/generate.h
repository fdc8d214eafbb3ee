// SPDX-License-Identifier: Apache-2.0
//
// heddle stress --generate: random programs for the subjects of scenario binaries, run in one
// engine, and the failing ones made as small as they can be.
#ifndef HEDDLE_TOOLS_HEDDLE_GENERATE_H_
#define HEDDLE_TOOLS_HEDDLE_GENERATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "checkers/generate/description.h"
#include "checkers/generate/random_programs.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/suite.h"

namespace heddle {

struct GenerateOptions {
  generate::Limits limits{};
  int count = 200;  // programs for each subject
  std::uint64_t seed = 1;
  double seconds = 1;       // for one program
  double most_seconds = 0;  // for all of a subject's; 0: no limit
  std::size_t jobs = 1;     // at a time
  std::string program{};    // this one instead of random ones
};

// A subject, and the binary that runs its programs.
struct GenerateSubject {
  ScenarioBinary binary;
  generate::SubjectDescription description;

  std::string full_name() const;  // "queue/mpmc_ring~mutant"
};

struct Found {
  std::string program;   // that failed
  std::string smallest;  // that fails in the same way
  int tried = 0;         // programs to make it smaller
  VerdictRecord record;  // of the smallest
};

struct GenerateResult {
  int programs = 0;
  int incomplete = 0;  // of which the engine has not seen everything
  std::uint64_t executions = 0;
  double seconds = 0;
  std::optional<Found> found;
  std::string problem;  // why it could not go on; else empty
  bool interrupted = false;
};

// The subjects in the binaries, with their mutants.
std::optional<std::vector<GenerateSubject>> FindSubjects(
    const std::vector<ScenarioBinary>& binaries);

// Runs programs until one fails, and makes that smaller. `on_tick` is called now and then with how
// many programs were run.
GenerateResult Generate(const GenerateSubject& subject, const GenerateOptions& options,
                        const std::function<void(int)>& on_tick);

// What to paste into the model that registers the subject: the program as a scenario.
std::string ScenarioCode(const GenerateSubject& subject, const Found& found);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_GENERATE_H_
