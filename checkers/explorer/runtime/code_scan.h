// SPDX-License-Identifier: Apache-2.0
//
// Looks through the program's code for what the instrumentation does not see: atomic operations,
// fences and system calls in inline assembly, or in code that is compiled without it; and libraries
// that are.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_

#include <cstdint>
#include <string>
#include <vector>

// Of functions of the runtime that do such things themselves.
#define HEDDLE_UNSCANNED __attribute__((section("heddle_unscanned"), noinline))

namespace heddle::explorer {

struct UnseenCode {
  std::string what;           // "a locked instruction at the program+0x1234"
  std::uintptr_t behind = 0;  // the instruction, as a return address would be; 0: a library
};

// In the executable and in all libraries that are not the C and C++ libraries'.
std::vector<UnseenCode> FindUnseenCode();

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_
