// SPDX-License-Identifier: Apache-2.0
//
// The exploration cannot go on, for no fault of the program: one line on stderr and in the record,
// exit status 2.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_

namespace heddle::explorer {

[[noreturn]] void Fatal(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_FATAL_H_
