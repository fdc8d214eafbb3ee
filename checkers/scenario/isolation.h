// SPDX-License-Identifier: Apache-2.0
//
// A scenario in a process of its own, so that a crash or a hang is a verdict too.
#ifndef HEDDLE_CHECKERS_SCENARIO_ISOLATION_H_
#define HEDDLE_CHECKERS_SCENARIO_ISOLATION_H_

#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"

namespace heddle {

struct IsolatedOutcome {
  Outcome outcome;
  bool site_reached = true;  // the mutated line has run
};

// Forks, runs, waits; kills the process after ThisEngine().seconds_limit, or when interrupted.
IsolatedOutcome RunIsolated(const Scenario& scenario, const RunOptions& options);

// From now on SIGINT and SIGTERM end the process that runs, and Interrupted() says so.
void CatchInterrupts();
bool Interrupted();

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_ISOLATION_H_
