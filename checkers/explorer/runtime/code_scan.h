// SPDX-License-Identifier: Apache-2.0
//
// Looks through the program's code for what the instrumentation does not see: atomic operations and
// system calls in inline assembly, or in code that is compiled without it.
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "checkers/explorer/runtime/instruction.h"

// Of functions of the runtime that do such things themselves.
#define HEDDLE_UNSCANNED __attribute__((section("heddle_unscanned"), noinline))

namespace heddle::explorer {

struct UnseenInstruction {
  std::string module;
  std::uintptr_t offset;  // in the module
  InstructionKind kind;
};

// In the executable and in all libraries that are not the C and C++ libraries'.
std::vector<UnseenInstruction> FindUnseenInstructions();

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_CODE_SCAN_H_
