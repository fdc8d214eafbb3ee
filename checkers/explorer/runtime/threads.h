// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_

#include <pthread.h>

#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/operations.h"

namespace heddle::explorer {

// A thread's handle: the same in every process.
constexpr pthread_t HandleOf(ThreadId thread) { return (static_cast<pthread_t>(thread) + 1) << 12; }
// Of a handle that is none, the program gets a verdict.
Fiber& FiberOf(Call& call, pthread_t handle);

// Of pthread_create() and its like; the result is errno's.
int DoCreateThread(Call& call, pthread_t* handle, bool detached, void* (*function)(void*),
                   void* argument);
// `expires`: the wait may as well end in time, and is never what a thread is stuck in.
int DoJoinThread(Call& call, pthread_t handle, void** result, bool expires);
int DoDetachThread(Call& call, pthread_t handle);

// The end of the current thread, from anywhere: its frames are unwound.
[[noreturn]] void ExitThread(void* result);

// The same with its frames as they are, where the program ends. The other threads run on: whatever
// they can still do, they could have done before.
[[noreturn]] void ExitThreadAtOnce();

// The current thread's.
void DestroyThreadLocals();

// Nothing of a main() that is to be explored has run yet.
bool BeforeMain();

// Thread-specific data. When an exploration starts: notes what its thread has.
void TakeSpecific();
// Gives thread 0 what was noted.
void StartSpecific(Fiber& fiber);
// Runs the destructors.
void DestroySpecific(Fiber& fiber);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_
