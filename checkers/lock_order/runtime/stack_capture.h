// SPDX-License-Identifier: Apache-2.0
//
// Call stacks as program counters. The unwinder is libgcc's, which finds its tables by
// _dl_find_object: no lock, no allocation. It is asked only when the stack is not one that this
// thread has seen: a captured stack is kept with the addresses of its return-address slots, and as
// long as call site, stack pointer and all the slots' contents are the same, so is the stack.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_STACK_CAPTURE_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_STACK_CAPTURE_H_

#include "checkers/lock_order/runtime/base.h"

namespace heddle::lock_order {

inline constexpr uint32_t kMaxFrames = 64;

struct CapturedStack {
  uint64_t site;
  uint64_t stack_pointer;
  uint32_t frames;
  uint32_t stack;   // its number once interned; 0: not yet
  bool verifiable;  // every slot holds its program counter
  uint64_t pcs[kMaxFrames];
  const uint64_t* slots[kMaxFrames];

  bool still_true() const {
    for (uint32_t i = 0; i < frames; ++i) {
      if (*slots[i] != pcs[i]) return false;
    }
    return true;
  }
};

// Unwinds from the caller: the frames at or above the one that `site` returns to.
void unwind(CapturedStack* stack, uint64_t site, uint64_t stack_pointer);

class StackCache {
 public:
  // The stack of the interposed call that returns to `site`.
  CapturedStack& capture(uint64_t site, uint64_t stack_pointer) {
    CapturedStack& entry = entries_[(mix(site ^ (stack_pointer << 20))) % kEntries];
    if (entry.site == site && entry.stack_pointer == stack_pointer && entry.verifiable &&
        entry.still_true()) {
      return entry;
    }
    unwind(&entry, site, stack_pointer);
    return entry;
  }

 private:
  static constexpr uint32_t kEntries = 64;
  CapturedStack entries_[kEntries];
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_STACK_CAPTURE_H_
