// SPDX-License-Identifier: Apache-2.0
//
// Which operations mean nothing without which others, for the specifications in the box: what a pop
// gave was pushed, what a read saw was written.
//
// Leaving out an operation with all that needs it keeps a right history right, as far as intervals
// and values tell who gave what to whom.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_ROLES_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_ROLES_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

enum class ItemUse : std::uint8_t { kNothing, kPush, kPop, kRefused };  // kRefused: it was full

// Of a container: pops belong to the pushes of their values. Where a value comes more than once, it
// is not always certain which push belongs to which pop: then all that may belong together does.
// `fifo`: what is pushed first is popped first.
std::vector<Role> ItemRoles(std::span<const Operation> operations,
                            const std::function<ItemUse(const Operation&)>& use_of, bool fifo);

enum class SectionUse : std::uint8_t { kAcquire, kRelease, kRefused };

// Each release belongs to the acquisition before it in the same process; what was refused needs all
// acquisitions that may be the reason.
std::vector<Role> SectionRoles(std::span<const Operation> operations,
                               const std::function<SectionUse(const Operation&)>& use_of);

// What an operation asks of a cell that has one value at a time, and does to it.
struct CellUse {
  enum class Asks : std::uint8_t { kNothing, kThatItIs, kThatItIsNot };

  Value cell = kNone;
  Asks asks = Asks::kNothing;
  Value asked = kNone;
  bool sets = false;
  Value left = kNone;  // in the cell, if it sets it
  bool all = false;    // asks something of all cells
};

// Needs are all the operations that can have set the cell to what is asked: none that is
// overwritten for certain.
std::vector<Role> CellRoles(std::span<const Operation> operations, Value initial,
                            const std::function<CellUse(const Operation&)>& use_of);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_ROLES_H_
