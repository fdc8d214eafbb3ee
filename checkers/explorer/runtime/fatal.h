// SPDX-License-Identifier: Apache-2.0
//
// The exploration cannot go on, for no fault of the program: one line on stderr and in the record,
// exit status 2.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_

#include <cstdint>

namespace heddle::explorer {

[[noreturn]] void Fatal(const char* format, ...) __attribute__((format(printf, 1, 2)));

// For what the thread calls from `site`, which the record tells.
[[noreturn]] void FatalAt(int thread, std::uintptr_t site, const char* message);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_
