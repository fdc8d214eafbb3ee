// SPDX-License-Identifier: Apache-2.0
//
// Which variable of a function an address in its frame belongs to, from DWARF: those with a place
// of their own in the frame, as all have that somebody else can reach.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FRAME_VARIABLES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FRAME_VARIABLES_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>

namespace heddle::lock_order {

// An address in a frame.
struct FrameAddress {
  int64_t from_frame;          // from the canonical frame address
  int64_t from_stack_pointer;  // from the stack pointer at the call that has not returned
};

struct FrameVariable {
  std::string name;  // "point.y", "cells[2]", "queue+8"; empty: not known
  std::string function;
};

// `function` is the one with code of its own around `address`; `cfi` (may be null) is its file's,
// whose addresses are those of the debug information and `cfi_bias`.
FrameVariable FindFrameVariable(Dwarf_Die& function, Dwarf_Addr address, Dwarf_CFI* cfi,
                                Dwarf_Addr cfi_bias, const FrameAddress& at);

// The same of an object of the variable's type; empty for the whole, and where it is not known.
std::string PartOfVariable(Dwarf_Die& variable, uint64_t offset);

// The part of an object of the type that is `offset` bytes into it: ".y", "[2].x", "+8". Types of
// system headers are not looked into.
std::string PartOf(Dwarf_Die type, uint64_t offset);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_FRAME_VARIABLES_H_
