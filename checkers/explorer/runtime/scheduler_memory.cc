// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about atomic accesses: what the program asked for, what it gets, and what
// that does to memory.
#include <string.h>

#include <algorithm>
#include <cstdio>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/scheduler.h"

namespace heddle::explorer {
namespace {

// The compilers' numbering, without the bits for lock elision.
constexpr std::uint64_t kOrderMask = 7;

Order OrderOf(std::uint64_t order) {
  switch (order & kOrderMask) {
    case 0:
      return Order::kRelaxed;
    case 1:
    case 2:
      return Order::kAcquire;
    case 3:
      return Order::kRelease;
    case 4:
      return Order::kAcqRel;
    default:
      return Order::kSeqCst;
  }
}

Value Truncated(Value value, std::uint8_t size) {
  return size == sizeof(Value) ? value : value & ((Value{1} << (8 * size)) - 1);
}

Value ReadMemory(std::uintptr_t address, std::uint8_t size) {
  Value value = 0;
  memcpy(&value, reinterpret_cast<const void*>(address), size);
  return value;
}

void WriteMemory(std::uintptr_t address, std::uint8_t size, Value value) {
  memcpy(reinterpret_cast<void*>(address), &value, size);
}

bool ByPointer(AtomicOperation operation) {
  return operation == AtomicOperation::kCompareExchangeStrong ||
         operation == AtomicOperation::kCompareExchangeWeak;
}

Rmw RmwOf(AtomicOperation operation) {
  switch (operation) {
    case AtomicOperation::kFetchAdd:
      return Rmw::kAdd;
    case AtomicOperation::kFetchSub:
      return Rmw::kSub;
    case AtomicOperation::kFetchAnd:
      return Rmw::kAnd;
    case AtomicOperation::kFetchOr:
      return Rmw::kOr;
    case AtomicOperation::kFetchXor:
      return Rmw::kXor;
    case AtomicOperation::kFetchNand:
      return Rmw::kNand;
    case AtomicOperation::kExchange:
      return Rmw::kExchange;
    default:
      return Rmw::kCompareExchange;
  }
}

}  // namespace

void Scheduler::TakeAtomic(Frame& frame, Operation& operation) {
  const AtomicOperation atomic = frame.operation();
  const std::uint8_t size = frame.size();
  // What is no argument of the function, and the unused high parts of arguments, can hold anything:
  // loops compare frames.
  std::uint64_t* const argument = frame.arguments;
  operation.name = nullptr;
  operation.waits_for = nullptr;
  operation.admits = nullptr;
  operation.access.site = frame.return_address;
  if (atomic == AtomicOperation::kFence) {
    operation.kind = Operation::Kind::kFence;
    operation.access.order = OrderOf(argument[0]);
    return;
  }
  operation.access.address = argument[0];
  operation.access.size = size;
  int next = 1;
  const auto take_value = [&]() -> Value {
    if (size < sizeof(std::uint64_t)) argument[next] &= (std::uint64_t{1} << (8 * size)) - 1;
    Value value = argument[next++];
    if (size == sizeof(Value)) value |= static_cast<Value>(argument[next++]) << 64;
    return value;
  };
  const auto take_order = [&] {
    if (next < 6) {
      argument[next] &= kOrderMask;
      return OrderOf(argument[next++]);
    }
    std::uint32_t order;  // the first argument that is passed on the stack
    memcpy(&order, frame.caller(), sizeof order);
    return OrderOf(order);
  };
  switch (atomic) {
    case AtomicOperation::kLoad:
      operation.kind = Operation::Kind::kLoad;
      operation.access.order = take_order();
      break;
    case AtomicOperation::kStore:
      operation.kind = Operation::Kind::kStore;
      operation.value = take_value();
      operation.access.order = take_order();
      break;
    case AtomicOperation::kCompareExchangeValue:
    case AtomicOperation::kCompareExchangeStrong:
    case AtomicOperation::kCompareExchangeWeak:
      operation.kind = Operation::Kind::kUpdate;
      operation.update.operation = Rmw::kCompareExchange;
      operation.update.expected =
          ByPointer(atomic) ? ReadMemory(argument[next++], size) : take_value();
      operation.update.operand = take_value();
      operation.access.order = take_order();
      operation.update.failure = take_order();
      break;
    default:
      operation.kind = Operation::Kind::kUpdate;
      operation.update.operation = RmwOf(atomic);
      operation.update.operand = take_value();
      operation.access.order = take_order();
      break;
  }
  while (next < 6) argument[next++] = 0;
}

// Asks whether a thread that waits at an atomic operation goes on when that reads a given value:
// lets it, and sees whether it comes back in the same state.
class AwaitAdmits final : public Admits {
 public:
  AwaitAdmits(Scheduler& scheduler, Fiber& fiber, const Operation& operation)
      : scheduler_(scheduler), fiber_(fiber), operation_(operation) {}

  bool operator()(Value value) override {
    if (operation_.kind == Operation::Kind::kUpdate) {
      const Update& update = operation_.update;
      const bool succeeds = update.operation != Rmw::kCompareExchange || value == update.expected;
      if (succeeds && Updated(update, value, operation_.access.size) != value) return true;
    }
    return scheduler_.GoesOn(fiber_, operation_, value, turn_);
  }

  int turn() const override { return turn_; }

 private:
  Scheduler& scheduler_;
  Fiber& fiber_;
  const Operation& operation_;
  int turn_ = -1;
};

bool Scheduler::GoesOn(Fiber& fiber, const Operation& operation, Value value, int& turn) {
  Frame* const frame = fiber.frame;
  auto* const low = reinterpret_cast<unsigned char*>(frame);
  const auto size = static_cast<std::size_t>(fiber.stack_high - reinterpret_cast<char*>(low));
  saved_.assign(low, low + size);
  const bool by_pointer = ByPointer(frame->operation());
  const std::uintptr_t expected = frame->arguments[1];
  const Value old_expected = by_pointer ? ReadMemory(expected, operation.access.size) : 0;
  Operation tried = operation;
  tried.answer = {.action = Action::kGo,
                  .value = value,
                  .success = operation.kind != Operation::Kind::kUpdate ||
                             operation.update.operation != Rmw::kCompareExchange ||
                             value == operation.update.expected};
  Return(fiber, tried);
  state().trial = true;
  Resume(fiber);
  state().trial = false;
  bool same = false;
  if (Frame& there = *fiber.frame; there.operation() != AtomicOperation::kCall) {
    TakeAtomic(there, tried);
    turn = search_.Position(fiber.id);
    same = (&there == frame && memcmp(saved_.data(), low, size) == 0) ||
           Loops::ComesBack(fiber.loop, there, fiber.stack_high, turn);
  }
  memcpy(low, saved_.data(), size);
  if (by_pointer) WriteMemory(expected, operation.access.size, old_expected);
  fiber.frame = frame;
  return !same;
}

void Scheduler::Ask(Fiber& fiber, Operation& operation) {
  Access& access = operation.access;
  access.initial = ReadMemory(access.address, access.size);
  if (operation.kind == Operation::Kind::kStore) {
    operation.answer = search_.Store(fiber.id, access, operation.value);
    return;
  }
  AwaitAdmits trial(*this, fiber, operation);
  Admits* const admits = fiber.from_frame ? (fiber.awaits ? &trial : nullptr) : operation.admits;
  operation.answer = operation.kind == Operation::Kind::kLoad
                         ? search_.Load(fiber.id, access, admits)
                         : search_.DoUpdate(fiber.id, access, operation.update, admits);
}

bool Scheduler::Accessed(Fiber& fiber, Operation& operation) {
  const Access& access = operation.access;
  const Answer& answer = operation.answer;
  bool writes = false;
  fiber.loop.last_read = fiber.from_frame ? access.site : 0;
  if (operation.kind == Operation::Kind::kStore) {
    writes = true;
    WriteMemory(access.address, access.size, operation.value);
    ++fiber.loop.effects;
  } else if (operation.kind == Operation::Kind::kUpdate && answer.success) {
    writes = true;
    const Value updated = Updated(operation.update, answer.value, access.size);
    WriteMemory(access.address, access.size, updated);
    if (updated != answer.value) ++fiber.loop.effects;
  } else if (access.order == Order::kPlain) {
    // The program's own load comes next, and finds it there.
    WriteMemory(access.address, access.size, answer.value);
  }
  if (operation.kind != Operation::Kind::kStore && !CheckInitialized(fiber, operation))
    return false;
  // A plain access has been entered where it was met.
  if (access.order != Order::kPlain && !EnterShadow(fiber, operation, writes)) return false;
  if (fiber.from_frame) Return(fiber, operation);
  return true;
}

void Scheduler::Return(Fiber& fiber, const Operation& operation) {
  Frame& frame = *fiber.frame;
  const Answer& answer = operation.answer;
  if (!ByPointer(frame.operation())) {
    frame.Return(answer.value);
    return;
  }
  if (!answer.success) WriteMemory(frame.arguments[1], operation.access.size, answer.value);
  frame.Return(answer.success ? 1 : 0);
}

bool Scheduler::CheckMemory(Fiber& fiber, const Operation& operation) {
  const Access& access = operation.access;
  if (!heap_.Contains(access.address) || heap_.Accessible(access.address, access.size)) return true;
  Fault fault;
  DescribeBadAccess(heap_, access.address, access.size, operation.kind != Operation::Kind::kLoad,
                    true, fiber.id, access.site, search_.Position(fiber.id), fault);
  Fail(fault);
  return false;
}

bool Scheduler::EnterShadow(Fiber& fiber, const Operation& operation, bool write) {
  const View& clock = search_.Clock(fiber.id);
  const std::uintptr_t end = operation.access.address + operation.access.size;
  ShadowAccess access{.site = operation.access.site,
                      // Of the access itself: the thread has told it already.
                      .position = static_cast<std::uint64_t>(search_.Position(fiber.id) - 1),
                      .thread = static_cast<std::uint8_t>(fiber.id),
                      .mask = 0,
                      .write = write,
                      .atomic = true};
  for (std::uintptr_t at = operation.access.address; at < end;) {
    const std::uintptr_t offset = at % Shadow::kGranule;
    const std::uintptr_t bytes = std::min(Shadow::kGranule - offset, end - at);
    access.mask = static_cast<std::uint8_t>(((1U << bytes) - 1) << offset);
    ShadowCell& cell = shadow_.At(at);
    cell.atomic_mask |= access.mask;
    if (at == operation.access.address) {
      cell.atomic_start |= static_cast<std::uint8_t>(1U << offset);
    }
    if (const ShadowAccess* const other = shadow_.Enter(cell, access, clock)) {
      Fault fault;
      DescribeRace(at, access, *other, fault);
      Fail(fault);
      return false;
    }
    at += bytes;
  }
  return true;
}

bool Scheduler::CheckInitialized(const Fiber& fiber, const Operation& operation) {
  const Access& access = operation.access;
  if (!heap_.Contains(access.address)) return true;
  Value pattern;
  memset(&pattern, Heap::kPattern, sizeof pattern);
  if (operation.answer.value != Truncated(pattern, access.size)) return true;
  const Block* const block = heap_.Near(access.address);
  if (block == nullptr || block->zeroed) return true;
  // Its value must be the initial one, and nobody's.
  const Graph& graph = search_.graph();
  const std::vector<EventId>& events = graph.thread(fiber.id);
  const bool wrote = operation.kind == Operation::Kind::kUpdate && operation.answer.success;
  const std::size_t back = wrote ? 2 : 1;
  if (static_cast<std::size_t>(search_.Position(fiber.id)) < back) return true;
  const Event& read = graph[events[static_cast<std::size_t>(search_.Position(fiber.id)) - back]];
  if (read.reads_from != kInit) return true;
  ShadowCell* const cell = shadow_.Look(access.address);
  const std::uint8_t mask = static_cast<std::uint8_t>(
      ((1U << std::min<unsigned>(access.size, 8)) - 1) << (access.address % Shadow::kGranule));
  if (cell != nullptr && shadow_.Written(*cell, mask, true)) return true;
  Fault fault;
  fault.verdict = verdict::kUninitialized;
  fault.thread = fiber.id;
  fault.site = access.site;
  fault.block = block->address;
  snprintf(fault.message, sizeof fault.message,
           "an atomic operation reads %u bytes that nobody has written to", access.size);
  Fail(fault);
  return false;
}

}  // namespace heddle::explorer
