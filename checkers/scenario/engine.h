// SPDX-License-Identifier: Apache-2.0
//
// What an engine provides. An engine is one Bazel library `:engine` that (a) names the header with
// its EnginePlatform through HEDDLE_ENGINE_HEADER, and (b) defines the functions below; the
// runner (runner.cc) turns that and a set of registered scenarios into a command.
#ifndef HEDDLE_CHECKERS_SCENARIO_ENGINE_H_
#define HEDDLE_CHECKERS_SCENARIO_ENGINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checkers/scenario/description.h"
#include "checkers/scenario/verdict.h"

namespace heddle {

struct EngineInfo {
  std::string name;      // "relacy", "explore", "stress", "tsan"
  bool samples = false;  // may miss a mutant without failing the run
  // A scenario is killed after this long; 0: never.
  double seconds_limit = 0;
  // Ways to run a scenario, each in a process of its own; empty: there is one.
  std::vector<std::string> variants{};
  // For all variants of a scenario, with what their processes cost. Where that is not enough, only
  // some are run.
  double seconds = 0;
};

EngineInfo ThisEngine();

struct RunOptions {
  std::uint64_t seed = 1;
  int variant = -1;    // of ThisEngine().variants; -1: there are none
  double seconds = 0;  // for the variant
  // A counterexample's state, as the engine wrote it in Outcome::state: run exactly that execution.
  std::string replay;
  // Shell command that replays a counterexample file; printed at the end of its text.
  std::string program;
};

// The part of a VerdictRecord that the engine knows.
struct Outcome {
  Verdict verdict = Verdict::kError;
  std::string mode;
  std::uint64_t executions = 0;
  std::uint64_t blocked = 0;  // begun, but beyond their last step nothing can follow
  bool complete = false;
  double seconds = 0;
  std::string reason;
  std::string detail;  // the counterexample as text
  std::string state;   // what replays it; empty when nothing can
  // In what order real threads did what, for the explorer to try (--schedule); empty: not known.
  std::string schedule;
};

// Runs in a process of its own. May crash or hang: the runner turns that into a verdict.
Outcome RunScenario(const Scenario& scenario, const RunOptions& options);

// Checks --flags of the engine; an empty string, or one line about what is wrong.
std::string CheckEngineFlags();

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_ENGINE_H_
