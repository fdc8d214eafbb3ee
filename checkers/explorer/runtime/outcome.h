// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_OUTCOME_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_OUTCOME_H_

#include "checkers/explorer/runtime/explore.h"

namespace heddle::explorer {

// On stderr, unless a record tells it. The status for the process to exit with: 0 pass, 1 an error
// of the program, 2 of the exploration, 3 incomplete.
int Print(const ExploreOptions& options, const ExploreResult& result);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_OUTCOME_H_
