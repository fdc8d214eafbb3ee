// SPDX-License-Identifier: Apache-2.0
//
// Static initializers run before main(), once, and nothing of them is explored. Where one of them
// starts a thread the process starts again, and they are part of what is explored, before main().
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_INITIALIZERS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_INITIALIZERS_H_

namespace heddle::explorer {

// A thread is to be started that is not explored: returns where that is not before main().
void CheckNativeThread();

// Before the C library runs them; `argv` is main()'s. In a process that has started again nothing
// but the runtime's own are run then.
void DeferInitializers(char** argv);

// In each execution, those that have been left.
void CallInitializers(int argc, char** argv, char** environment);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_INITIALIZERS_H_
