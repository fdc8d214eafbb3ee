// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/thread_state.h"

#include <string.h>
#include <unwind.h>

#include <array>
#include <iterator>

#include "checkers/explorer/runtime/fiber.h"
#include "checkers/explorer/runtime/thread_local_storage.h"

namespace heddle::explorer {
namespace {

// How far below a thread's frame the runtime's functions leave their traces, and the unwinder does,
// more or less.
constexpr std::ptrdiff_t kTraces = 1024;
constexpr std::ptrdiff_t kUnwinderTraces = 4096;

// Those that a function keeps for its caller, in DWARF's numbering: rbx, rbp, r12 to r15.
constexpr std::array<int, 6> kKeptRegisters = {3, 6, 12, 13, 14, 15};

struct Caller {
  Site site = 0;                         // sought
  const unsigned char* stack = nullptr;  // null: not found
  std::array<std::uint64_t, kKeptRegisters.size()> registers = {};
};

// Of heddle_explorer_trace(): it passes no argument on.
Caller* g_caller;

_Unwind_Reason_Code Look(_Unwind_Context* context, void* to) {
  Caller& caller = *static_cast<Caller*>(to);
  const Site site = _Unwind_GetIP(context);
  if (site != caller.site) return site == 0 ? _URC_END_OF_STACK : _URC_NO_REASON;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it is told as a number
  caller.stack = reinterpret_cast<const unsigned char*>(_Unwind_GetCFA(context));
  for (std::size_t i = 0; i < kKeptRegisters.size(); ++i) {
    caller.registers[i] = _Unwind_GetGR(context, kKeptRegisters[i]);
  }
  return _URC_END_OF_STACK;
}

void Clear(const Fiber& fiber, char* end, std::ptrdiff_t size) {
  char* const begin = end - fiber.stack_low > size ? end - size : fiber.stack_low;
  memset(begin, 0, static_cast<std::size_t>(end - begin));
}

// On the suspended thread's stack. Only frames of the runtime's are unwound.
void FindCaller() { _Unwind_Backtrace(Look, g_caller); }

}  // namespace

void ThreadState::Take(const Fiber& fiber, const Operation* operation,
                       const std::vector<CallAnswer>& answers) {
  const auto* const high = reinterpret_cast<const unsigned char*>(fiber.stack_high);
  rest_.clear();
  stack_ = reinterpret_cast<const unsigned char*>(fiber.frame);
  stack_size_ = static_cast<std::size_t>(high - stack_);
  if (operation == nullptr) return;

  Caller caller{.site = operation->access.site};
  {
    const OwnThreadPointer own;
    g_caller = &caller;
    heddle_explorer_trace(fiber.frame, FindCaller);
    Clear(fiber, reinterpret_cast<char*>(fiber.frame), kUnwinderTraces);
  }
  // Called by something that cannot be unwound to: the state is all there is.
  if (caller.stack == nullptr) return;
  stack_ = caller.stack;
  stack_size_ = static_cast<std::size_t>(high - stack_);
  rest_.assign(caller.registers.begin(), caller.registers.end());
  const auto add = [this](Value value) {
    rest_.push_back(static_cast<std::uint64_t>(value));
    rest_.push_back(static_cast<std::uint64_t>(value >> 64));
  };
  const Access& access = operation->access;
  const Update& update = operation->update;
  rest_.push_back(access.site);
  rest_.push_back(access.address);
  rest_.push_back(static_cast<std::uint64_t>(operation->kind) << 32 |
                  static_cast<std::uint64_t>(update.operation) << 24 |
                  static_cast<std::uint64_t>(update.failure) << 16 |
                  static_cast<std::uint64_t>(access.order) << 8 | access.size);
  add(update.operand);
  add(update.expected);
  add(operation->value);
  rest_.insert(rest_.end(), std::begin(operation->arguments), std::end(operation->arguments));
  for (const CallAnswer& answer : answers) {
    add(answer.value);
    rest_.push_back(answer.success ? 1 : 0);
  }
}

void ClearBelow(const Fiber& fiber, void* frame) {
  Clear(fiber, static_cast<char*>(frame), kTraces);
}

}  // namespace heddle::explorer
