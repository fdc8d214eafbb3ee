// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_ENGINE_H_
#define HEDDLE_STRESS_ENGINE_H_

#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"
#include "stress/harness.h"

namespace heddle::stress {

// Once for each process: threads that hang stay behind, and the process must end with _exit().
Outcome RunUnder(const Scenario& scenario, const Settings& settings);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_ENGINE_H_
