// SPDX-License-Identifier: Apache-2.0
//
// What is known of loops (loops.h) decides what is explored, and how many executions that are. A
// search learns of them what it comes across, and that depends on how the space is divided. Random
// executions come across nearly all there is to learn, the same for everybody.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIRST_LOOPS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIRST_LOOPS_H_

#include <string>

#include "checkers/explorer/runtime/explore.h"

namespace heddle::explorer {

// What some random executions of function(argument) tell about loops: Loops::Save(). What else they
// find is left to the search, and what they write goes nowhere.
std::string FirstLoops(const ExploreOptions& options, void* (*function)(void*), void* argument);

// Whether who knows `known` knows all of `loops`.
bool KnowsAll(const std::string& known, const std::string& loops);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_FIRST_LOOPS_H_
