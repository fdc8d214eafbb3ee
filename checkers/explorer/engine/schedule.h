// SPDX-License-Identifier: Apache-2.0
//
// What threads were seen to do in another run of a scenario, as a text file: a line for each
// operation of the platform, in the order of time,
//   THREAD OPERATION RESULT PLACE       1 fetch_add 3 primitives/mutex/ticket_lock.h:31
// The thread as the scenario numbers it; the operation by its name in the platform; what it read or
// came to: a number, * for some address, or - for nothing that is known.
#ifndef HEDDLE_CHECKERS_EXPLORER_ENGINE_SCHEDULE_H_
#define HEDDLE_CHECKERS_EXPLORER_ENGINE_SCHEDULE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/search/search.h"

namespace heddle::explorer_engine {

// The scenario's thread 0 is the explorer's thread 1. An error names the line.
absl::StatusOr<std::vector<explorer::Recorded>> ParseSchedule(absl::string_view text, int threads);

}  // namespace heddle::explorer_engine

#endif  // HEDDLE_CHECKERS_EXPLORER_ENGINE_SCHEDULE_H_
