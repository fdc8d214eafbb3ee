// SPDX-License-Identifier: Apache-2.0
//
// What a program wants to be called at its end: the destructors of its objects of static storage
// duration, and what it has given to atexit() and its like. An execution ends with them.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXITS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXITS_H_

#include "checkers/explorer/graph/event.h"

namespace heddle::explorer {

// On the current thread, as exit() does: its thread_local variables are destroyed, then what was
// given last is called first, that from before main() last. What is given meanwhile is called, too.
void CallAtExit(const char* name, int status, Site site);
// What was given to at_quick_exit().
void CallAtQuickExit(const char* name, Site site);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_EXITS_H_
