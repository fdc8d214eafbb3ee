// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about atomic accesses: what the program asked for, what it gets, and what
// that does to memory.
#include <string.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/words.h"

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

Arrival::Kind KindOf(AtomicOperation operation) {
  if (operation == AtomicOperation::kLoad) return Arrival::Kind::kLoad;
  if (operation == AtomicOperation::kStore) return Arrival::Kind::kStore;
  if (operation == AtomicOperation::kFence) return Arrival::Kind::kFence;
  return operation < AtomicOperation::kCompareExchangeValue ? Arrival::Kind::kUpdate
                                                            : Arrival::Kind::kCompareExchange;
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

Operation* Scheduler::TakeCall(Frame& frame) {
  for (int i = 1; i < 6; ++i) frame.arguments[i] = 0;
  return reinterpret_cast<Operation*>(frame.arguments[0]);
}

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
  int next = 1;  // at least 2 behind all that is taken
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
          PointsToExpected(atomic) ? ReadMemory(argument[next++], size) : take_value();
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
  // One by one: a loop would become a call.
  if (next <= 2) argument[2] = 0;
  if (next <= 3) argument[3] = 0;
  if (next <= 4) argument[4] = 0;
  if (next <= 5) argument[5] = 0;
}

// Asks whether a thread that waits at an atomic operation goes on when that reads a given value:
// lets it, and sees whether it comes back in the same state.
class AwaitAdmits final : public Admits {
 public:
  AwaitAdmits(Scheduler& scheduler, Fiber& fiber, const Operation& operation)
      : scheduler_(scheduler), fiber_(fiber), operation_(operation) {}

  bool operator()(Value value) override {
    bool writes = false;
    elsewhere_ = false;
    if (operation_.kind == Operation::Kind::kUpdate) {
      const Update& update = operation_.update;
      writes = update.operation != Rmw::kCompareExchange || value == update.expected;
      if (writes && Updated(update, value, operation_.access.size) != value) return true;
      if (fiber_.steps && !writes && scheduler_.Rejoins(fiber_, operation_, value)) {
        const int partner = scheduler_.PartnerOf(fiber_);
        elsewhere_ = scheduler_.ValueRead(fiber_, partner) != value;
        turn_ = elsewhere_ ? -1 : partner + 1;
        return false;
      }
    }
    if (fiber_.awaits && !scheduler_.GoesOn(fiber_, operation_, value, turn_)) return false;
    if (writes || !scheduler_.Forgets(fiber_, operation_, value, turn_)) return true;
    elsewhere_ = turn_ < 0;
    return false;
  }

  bool MayFail(Value value) override {
    if (fiber_.steps && scheduler_.Rejoins(fiber_, operation_, value)) return false;
    int ignored = -1;
    return !fiber_.awaits || scheduler_.GoesOn(fiber_, operation_, value, ignored, true);
  }
  int turn() const override { return turn_; }
  bool elsewhere() const override { return elsewhere_; }
  int partner() const override {
    if (!fiber_.steps) return -1;
    const int partner = scheduler_.PartnerOf(fiber_);
    return scheduler_.SwapsTheSame(fiber_, operation_, partner) ? partner : -1;
  }

 private:
  Scheduler& scheduler_;
  Fiber& fiber_;
  const Operation& operation_;
  int turn_ = -1;
  bool elsewhere_ = false;
};

bool Scheduler::GoesOn(Fiber& fiber, const Operation& operation, Value value, int& turn,
                       bool fails) {
  Frame* const frame = fiber.frame;
  auto* const low = reinterpret_cast<unsigned char*>(frame);
  const auto size = static_cast<std::size_t>(fiber.stack_high - reinterpret_cast<char*>(low));
  saved_.assign(low, low + size);
  std::vector<CallAnswer>& answers = fiber.loop.answers;
  rest_.clear();
  if (!fiber.from_frame) {
    there_.Take(fiber, &operation, answers);
    rest_.assign(there_.rest(), there_.rest() + there_.rest_size());
  }
  const unsigned char* const stack = fiber.from_frame ? low : there_.stack();
  const bool by_pointer = PointsToExpected(frame->operation());
  const std::uintptr_t expected = frame->arguments[1];
  const Value old_expected = by_pointer ? ReadMemory(expected, operation.access.size) : 0;
  Operation tried = operation;
  tried.answer = {.action = Action::kGo,
                  .value = value,
                  .success = !fails && (operation.kind != Operation::Kind::kUpdate ||
                                        operation.update.operation != Rmw::kCompareExchange ||
                                        value == operation.update.expected)};
  Return(fiber, tried);
  state().trial = true;
  Resume(fiber);
  state().trial = false;
  bool same = false;
  Frame& there = *fiber.frame;
  const bool calls = there.operation() == AtomicOperation::kCall;
  const Operation* const call = calls ? TakeCall(there) : nullptr;
  if (!calls || call->polls) {
    if (!calls) TakeAtomic(there, tried);
    const bool goes_on = calls && !call->first;
    if (goes_on) answers.push_back({.value = value, .success = tried.answer.success});
    static const std::vector<CallAnswer> kNone;
    there_.Take(fiber, call, goes_on ? answers : kNone);
    turn = search_.Position(fiber.id);
    same = (there_.stack() == stack && there_.rest_size() == rest_.size() &&
            memcmp(saved_.data() + (stack - low), stack, there_.stack_size()) == 0 &&
            std::equal(rest_.begin(), rest_.end(), there_.rest())) ||
           Loops::ComesBack(fiber, there_, turn);
    if (goes_on) answers.pop_back();
  }
  memcpy(low, saved_.data(), size);
  ClearBelow(fiber, low);
  if (by_pointer) WriteMemory(expected, operation.access.size, old_expected);
  fiber.frame = frame;
  return !same;
}

bool Scheduler::Repeat(Fiber& fiber) {
  Frame& frame = *fiber.frame;
  const AtomicOperation operation = frame.operation();
  const std::uint8_t size = frame.size();
  const std::uint64_t* const argument = frame.arguments;
  Arrival arrival{.size = size, .address = argument[0]};
  const auto value = [&](std::size_t at) -> Value {
    return size == 8 ? argument[at] : argument[at] & ((std::uint64_t{1} << (8 * size)) - 1);
  };
  arrival.kind = KindOf(operation);
  if (arrival.kind == Arrival::Kind::kStore) {
    arrival.value = value(1);
  } else if (arrival.kind == Arrival::Kind::kCompareExchange) {
    arrival.expected = PointsToExpected(operation) ? ReadMemory(argument[1], size) : value(1);
    arrival.value = value(2);
  }
  const bool reads = arrival.kind != Arrival::Kind::kStore;
  Loops::SiteState* site = nullptr;
  bool in_loop = false;
  if (arrival.kind != Arrival::Kind::kFence) {
    if (size > 8) return false;
    if (heap_.Contains(arrival.address) && !heap_.Accessible(arrival.address, size)) return false;
    if (DeadStack(arrival.address, fiber.id, *state().clock) != nullptr) return false;
    if (reads) {
      site = &loops_.StateOf(frame.return_address);
      in_loop = !loops_.Passes(*site, fiber.id);
      if (in_loop && !loops_.PassesAgain(*site, fiber.id)) return false;
    }
  }
  const Search::Repeated repeated = search_.Repeat(fiber.id, arrival);
  if (repeated.event == nullptr) return false;
  if (site != nullptr) loops_.Visits(*site, fiber.id);
  if (in_loop) {
    TakeAtomic(frame, fiber.own);
    fiber.from_frame = true;
    loops_.KeepState(fiber, repeated.event->index);
    state().watching = true;  // as Resume() would
    if (steps_ && MatchStep(fiber, repeated.event->index) == Next::kStop) {
      stopped_ = true;
      return true;
    }
  }
  FinishRepeated(fiber, arrival, repeated);
  return true;
}

bool Scheduler::RepeatTaken(Fiber& fiber) {
  const Operation& own = fiber.own;
  Arrival arrival{.size = own.access.size, .address = own.access.address};
  if (own.kind == Operation::Kind::kLoad) {
    arrival.kind = Arrival::Kind::kLoad;
  } else if (own.kind == Operation::Kind::kUpdate) {
    arrival.kind = KindOf(fiber.frame->operation());
    arrival.value = own.update.operand;
    arrival.expected = own.update.expected;
  } else {
    return false;
  }
  const Search::Repeated repeated = search_.Repeat(fiber.id, arrival);
  if (repeated.event == nullptr) return false;
  FinishRepeated(fiber, arrival, repeated);
  return true;
}

void Scheduler::FinishRepeated(Fiber& fiber, const Arrival& arrival,
                               const Search::Repeated& repeated) {
  Frame& frame = *fiber.frame;
  const auto [event, last] = repeated;
  const std::uint8_t size = arrival.size;
  const bool reads = arrival.kind != Arrival::Kind::kStore;
  ++fiber.loop.operations;
  fiber.loop.quiet += arrival.kind == Arrival::Kind::kLoad || arrival.kind == Arrival::Kind::kStore;
  fiber.loop.last_read = 0;
  State& shared = state();
  shared.clock = search_.OrdersAll() ? &last->hb : &search_.Clock(fiber.id);
  shared.position = last->index + 1U;
  if (event->kind == Kind::kFence) return;
  Operation& own = fiber.own;
  own.access = {.address = arrival.address,
                .size = size,
                .order = Order::kRelaxed,
                .site = frame.return_address};
  const bool writes = last->kind == Kind::kWrite;
  if (writes) WriteMemory(arrival.address, size, last->value);
  if (!reads || (writes && last->value != event->value)) {
    ++fiber.loop.changes;
    ++fiber.loop.others;
  } else {
    fiber.loop.last_read = frame.return_address;
  }
  if (reads && heap_.Contains(arrival.address)) {
    own.kind =
        arrival.kind == Arrival::Kind::kLoad ? Operation::Kind::kLoad : Operation::Kind::kUpdate;
    own.answer.value = event->value;
    own.answer.success = writes;
    if (!CheckInitialized(fiber, own)) {
      stopped_ = true;
      return;
    }
  }
  if (!EnterShadow(fiber, own.access, *shared.clock, writes)) {
    stopped_ = true;
    return;
  }
  if (!PointsToExpected(frame.operation())) {
    frame.Return(event->value);
  } else {
    fiber.failed_at = event->fails ? frame.return_address : 0;
    if (!writes) WriteMemory(frame.arguments[1], size, event->value);
    frame.Return(writes ? 1 : 0);
  }
}

void Scheduler::Ask(Fiber& fiber, Operation& operation) {
  Access& access = operation.access;
  access.initial = ReadMemory(access.address, access.size);
  // Answers are made where they stay: a copy would wait for the bytes that were just written.
  Answer* const answer = &operation.answer;
  if (operation.kind == Operation::Kind::kStore) {
    new (answer) Answer(search_.Store(fiber.id, access, operation.value));
    return;
  }
  forgotten_.clear();
  if (steps_ && fiber.from_frame) FindForgotten(fiber, operation);
  if (learned_) return;
  AwaitAdmits trial(*this, fiber, operation);
  const bool may_wait = fiber.awaits || fiber.steps || !forgotten_.empty();
  Admits* const admits = fiber.Polls() ? (may_wait ? &trial : nullptr) : operation.admits;
  if (operation.kind == Operation::Kind::kLoad) {
    new (answer) Answer(search_.Load(fiber.id, access, admits));
  } else {
    new (answer) Answer(search_.DoUpdate(fiber.id, access, operation.update, admits));
  }
}

bool Scheduler::Accessed(Fiber& fiber, Operation& operation) {
  const Access& access = operation.access;
  const Answer& answer = operation.answer;
  bool writes = false;
  LoopHistory& loop = fiber.loop;
  if (operation.kind == Operation::Kind::kUpdate && fiber.from_frame &&
      PointsToExpected(fiber.frame->operation())) {
    const bool for_no_reason = !answer.success && answer.value == operation.update.expected;
    fiber.failed_at = for_no_reason ? access.site : 0;
  }
  loop.last_read = fiber.Polls() ? access.site : 0;
  loop.quiet += fiber.from_frame && operation.kind != Operation::Kind::kUpdate;
  if (operation.kind == Operation::Kind::kStore) {
    writes = true;
    WriteMemory(access.address, access.size, operation.value);
    ++loop.changes;
    loop.others += operation.locks ? 0 : 1;
    loop.last_read = 0;
  } else if (operation.kind == Operation::Kind::kUpdate && answer.success) {
    writes = true;
    const Value updated = Updated(operation.update, answer.value, access.size);
    WriteMemory(access.address, access.size, updated);
    if (updated != answer.value) {
      ++loop.changes;
      loop.others += operation.locks ? 0 : 1;
      loop.last_read = 0;
    }
  } else if (access.order == Order::kPlain) {
    // The program's own load comes next, and finds it there.
    WriteMemory(access.address, access.size, answer.value);
  }
  if (operation.kind != Operation::Kind::kStore && !CheckInitialized(fiber, operation))
    return false;
  // A plain access has been entered where it was met.
  if (access.order != Order::kPlain &&
      !EnterShadow(fiber, access, search_.Clock(fiber.id), writes)) {
    return false;
  }
  if (fiber.Polls()) Return(fiber, operation);
  return true;
}

void Scheduler::Return(Fiber& fiber, const Operation& operation) {
  if (fiber.polled != nullptr) {
    fiber.polled->answer = operation.answer;
    return;
  }
  Frame& frame = *fiber.frame;
  const Answer& answer = operation.answer;
  if (!PointsToExpected(frame.operation())) {
    frame.Return(answer.value);
    return;
  }
  if (!answer.success) WriteMemory(frame.arguments[1], operation.access.size, answer.value);
  frame.Return(answer.success ? 1 : 0);
}

}  // namespace heddle::explorer
