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

void Clear(const Fiber& fiber, char* end, std::ptrdiff_t size) {
  char* const begin = end - fiber.stack_low > size ? end - size : fiber.stack_low;
  memset(begin, 0, static_cast<std::size_t>(end - begin));
}

template <typename T>
T ReadAt(const unsigned char* at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

// Finds a way by libgcc's unwinder, on the suspended thread's stack: what takes most of the time
// that a state takes.
class ThreadState::Unwinder {
 public:
  Unwinder(Frame* frame, Site site) : frame_(reinterpret_cast<std::uintptr_t>(frame)), site_(site) {
    current_ = this;
    heddle_explorer_trace(frame, [] { _Unwind_Backtrace(Look, current_); });
  }

  // Null: not found.
  const unsigned char* stack() const { return stack_; }
  const Registers& registers() const { return registers_; }
  // Without a site where it is not known.
  const Way& way() const { return way_; }

 private:
  // In DWARF's numbering: rbx, rbp, r12 to r15.
  static constexpr std::array<int, kKept> kRegisters = {3, 6, 12, 13, 14, 15};

  static _Unwind_Reason_Code Look(_Unwind_Context* context, void* to) {
    return static_cast<Unwinder*>(to)->Step(context);
  }

  _Unwind_Reason_Code Step(_Unwind_Context* context) {
    const Site returns = _Unwind_GetIP(context);
    if (returns == 0) return _URC_END_OF_STACK;
    const std::uintptr_t stack = _Unwind_GetCFA(context);
    if (stack >= frame_ + sizeof(Frame)) AddLevel(stack - frame_, returns);
    if (returns != site_) return _URC_NO_REASON;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is told as a number
    stack_ = reinterpret_cast<const unsigned char*>(stack);
    bool known = known_;
    for (std::size_t i = 0; i < kKept; ++i) {
      registers_[i] = _Unwind_GetGR(context, kRegisters[i]);
      // libgcc's context begins with where the registers are. Whether this is one is seen by that.
      const auto at = ReadAt<std::uintptr_t>(reinterpret_cast<const unsigned char*>(context) +
                                             kRegisters[i] * sizeof(std::uintptr_t)) -
                      frame_;
      known = known && at < stack - frame_ &&
              ReadAt<std::uint64_t>(stack_ - (stack - frame_ - at)) == registers_[i];
      way_.kept[i] = static_cast<std::uint16_t>(at);
    }
    way_.stack = static_cast<std::uint16_t>(stack - frame_);
    way_.site = known ? site_ : 0;
    return _URC_END_OF_STACK;
  }

  void AddLevel(std::uintptr_t stack, Site returns) {
    known_ = known_ && way_.levels < kLevels && stack <= UINT16_MAX;
    if (!known_) return;
    way_.at[way_.levels] = static_cast<std::uint16_t>(stack - sizeof returns);
    way_.returns[way_.levels++] = returns;
  }

  static inline Unwinder* current_;  // heddle_explorer_trace() passes no argument on

  std::uintptr_t frame_;
  Site site_;
  bool known_ = true;
  const unsigned char* stack_ = nullptr;
  Registers registers_{};
  Way way_;
};

bool ThreadState::FindCaller(const Fiber& fiber, Site site, Registers& registers) {
  if (ways_.empty()) ways_.resize(kWays);
  const auto* const frame = reinterpret_cast<const unsigned char*>(fiber.frame);
  Way& way = ways_[(site ^ fiber.frame->return_address) % kWays];
  bool fits = way.site == site;
  for (std::size_t i = 0; fits && i < way.levels; ++i) {
    fits = ReadAt<Site>(frame + way.at[i]) == way.returns[i];
  }
  if (fits) {
    stack_ = frame + way.stack;
    for (std::size_t i = 0; i < kKept; ++i) {
      registers[i] = ReadAt<std::uint64_t>(frame + way.kept[i]);
    }
  } else {
    const OwnThreadPointer own;
    const Unwinder unwinder(fiber.frame, site);
    if (unwinder.way().site != 0) way = unwinder.way();
    registers = unwinder.registers();
    if (unwinder.stack() != nullptr) stack_ = unwinder.stack();
    fits = unwinder.stack() != nullptr;
  }
  Clear(fiber, reinterpret_cast<char*>(fiber.frame), kUnwinderTraces);
  return fits;
}

void ThreadState::Take(const Fiber& fiber, const Operation* operation,
                       const std::vector<CallAnswer>& answers) {
  const auto* const high = reinterpret_cast<const unsigned char*>(fiber.stack_high);
  rest_.clear();
  stack_ = reinterpret_cast<const unsigned char*>(fiber.frame);
  stack_size_ = static_cast<std::size_t>(high - stack_);
  if (operation == nullptr) return;

  Registers registers;
  if (!FindCaller(fiber, operation->access.site, registers)) return;
  stack_size_ = static_cast<std::size_t>(high - stack_);
  rest_.assign(registers.begin(), registers.end());
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
