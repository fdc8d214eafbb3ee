// SPDX-License-Identifier: Apache-2.0
//
// What the record says of an execution that something was found in.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_COUNTEREXAMPLE_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_COUNTEREXAMPLE_H_

#include <string>

namespace heddle::explorer {

class Scheduler;

// Of the execution that the scheduler has ended with: threads, locations, events, the finding and
// what replays it.
void WriteCounterexample(const Scheduler& scheduler);

// The same for a reader without the record.
std::string CounterexampleText(const Scheduler& scheduler);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_RECORD_COUNTEREXAMPLE_H_
