// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_

#include "checkers/explorer/runtime/fiber.h"

namespace heddle::explorer {

// The end of the current thread, from anywhere: its frames are unwound.
[[noreturn]] void ExitThread(void* result);

// Runs the destructors of its thread-specific data.
void DestroySpecific(Fiber& fiber);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_THREADS_H_
