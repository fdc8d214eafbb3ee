// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/stack_capture.h"

#include <unwind.h>

namespace heddle::lock_order {
namespace {

struct Walk {
  CapturedStack* stack;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
  auto* stack = static_cast<Walk*>(argument)->stack;
  const uint64_t pc = _Unwind_GetIP(context);
  if (pc == 0) return _URC_END_OF_STACK;
  // The unwinder's "CFA" of a frame is its stack pointer at the call it is in; the call pushed the
  // return address just below.
  const uint64_t slot = _Unwind_GetCFA(context) - sizeof(uint64_t);
  if (stack->frames == 0 && slot + sizeof(uint64_t) < stack->stack_pointer) {
    return _URC_NO_REASON;  // the runtime's own frames
  }
  const auto* address = reinterpret_cast<const uint64_t*>(slot);
#if defined(__x86_64__)
  if (slot % sizeof(uint64_t) != 0 || *address != pc) stack->verifiable = false;
#else
  stack->verifiable = false;
#endif
  stack->pcs[stack->frames] = pc;
  stack->slots[stack->frames] = address;
  ++stack->frames;
  return stack->frames < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

}  // namespace

void unwind(CapturedStack* stack, uint64_t site, uint64_t stack_pointer) {
  stack->site = site;
  stack->stack_pointer = stack_pointer;
  stack->frames = 0;
  stack->stack = 0;
  stack->verifiable = true;
  Walk walk{stack};
  _Unwind_Backtrace(visit, &walk);
  if (stack->frames == 0 || stack->pcs[0] != site) {
    // No unwind information on the way: the call site is known at least.
    stack->verifiable = false;
    if (stack->frames == 0) {
      stack->pcs[0] = site;
      stack->slots[0] = nullptr;
      stack->frames = 1;
    }
  }
}

}  // namespace heddle::lock_order
