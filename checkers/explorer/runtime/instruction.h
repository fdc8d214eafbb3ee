// SPDX-License-Identifier: Apache-2.0
//
// As much of the x86-64 instruction format as it takes to walk over code and to tell atomic
// operations, fences and system calls (Intel 64 and IA-32 Architectures Software Developer's
// Manual, volume 2, chapter 2 and appendix A).
#ifndef HEDDLE_CHECKERS_EXPLORER_RUNTIME_INSTRUCTION_H_
#define HEDDLE_CHECKERS_EXPLORER_RUNTIME_INSTRUCTION_H_

#include <cstddef>
#include <cstdint>

namespace heddle::explorer {

enum class InstructionKind : std::uint8_t { kOther, kLocked, kExchange, kFence, kSystemCall };

struct Instruction {
  std::size_t length = 0;  // 0: not known
  InstructionKind kind = InstructionKind::kOther;
};

// The instruction at `code`, which has no more than `size` bytes.
Instruction Decode(const unsigned char* code, std::size_t size);

}  // namespace heddle::explorer

#endif  // HEDDLE_CHECKERS_EXPLORER_RUNTIME_INSTRUCTION_H_
