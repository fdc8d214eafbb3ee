// SPDX-License-Identifier: Apache-2.0
//
// Calls of functions in the C and C++ libraries that are not modelled: of streams, strtok_r(), ...
// What they change nobody sees. So in a trial they are not made, and a turn of a loop that has made
// one has changed something.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIBRARY_CALLS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIBRARY_CALLS_H_

namespace heddle::explorer {

// Once for the process: the program's calls come by here from now on.
void WatchLibraryCalls();

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_LIBRARY_CALLS_H_
