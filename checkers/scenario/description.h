// SPDX-License-Identifier: Apache-2.0
//
// What a scenario is to an engine: its description, its options, one live instance of it. Scenario
// sources include scenario.h instead, which adds registration for the engine being compiled.
#ifndef HEDDLE_CHECKERS_SCENARIO_DESCRIPTION_H_
#define HEDDLE_CHECKERS_SCENARIO_DESCRIPTION_H_

#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/scenario/outcomes.h"
#include "checkers/scenario/verdict.h"

namespace heddle {

struct RelacyOptions {
  // 0: full search. Otherwise at most this many preemptions, and `reason` says why not all.
  int preemptions = 0;
  const char* reason = "";
  // Also explore that park() returns for no reason. Multiplies the search space.
  bool spurious_wakeups = false;
  // A longer execution is a livelock.
  int max_steps = 2000;
};

struct StressOptions {
  // Instances of the scenario between two rendezvous of the threads.
  int instances = 64;
  // Why real threads cannot run this scenario; the engine then says so instead of running it.
  const char* skip = "";
};

// One live instance of a scenario, seen through the engine's eyes.
class ScenarioBody {
 public:
  virtual ~ScenarioBody() = default;
  virtual void Thread(int index) = 0;
  virtual void After() = 0;
};

// A mutant that one engine cannot show, with the reason; it is run all the same, and being caught
// after all is an error too: the reason would be false.
struct Beyond {
  std::string_view engine;
  std::string_view reason;
};

struct Scenario {
  std::string_view name;
  std::string_view mutant;  // empty: the shipped code
  int threads = 0;
  VerdictSet expected = Verdict::kPass;
  std::vector<Beyond> beyond;
  RelacyOptions relacy;
  StressOptions stress;
  std::span<const GradedOutcome> outcomes{};  // empty: whatever it ends with is acceptable
  std::unique_ptr<ScenarioBody> (*make)() = nullptr;
  bool (*site_reached)() = nullptr;  // whether the mutated line has run; null for the shipped code
  std::source_location where;

  std::string_view primitive() const { return name.substr(0, name.find('.')); }
  // Null: the engine is expected to show what is expected.
  const Beyond* beyond_engine(std::string_view engine) const {
    for (const Beyond& each : beyond) {
      if (each.engine == engine) return &each;
    }
    return nullptr;
  }
  std::string full_name() const {
    std::string full(name);
    if (!mutant.empty()) full.append("~").append(mutant);
    return full;
  }
};

// All scenarios linked into this binary, in order of full_name().
const std::vector<Scenario>& RegisteredScenarios();
bool RegisterScenario(Scenario scenario);

// What a program given on the command line can be run on (checkers/generate/subject.h).
struct ProgramSubject {
  std::string name;  // of the scenarios that are made
  std::string_view mutant;
  std::string description;  // one line of JSON, for tools
  // Makes the program a scenario: sets what depends on it. Returns what is wrong with it, or "".
  std::string (*prepare)(std::string_view program, Scenario& scenario) = nullptr;
  std::source_location where;
};

const std::vector<ProgramSubject>& RegisteredSubjects();
bool RegisterSubject(ProgramSubject subject);

// Ends the running execution with a verdict. Under the exhaustive engines it does not return; on
// real threads the thread goes on and the verdict is taken at the end of the instance.
void Fail(Verdict verdict, std::string_view message,
          std::source_location where = std::source_location::current());

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_DESCRIPTION_H_
