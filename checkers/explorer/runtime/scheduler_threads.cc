// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about one thread: it is run up to its next operation, and that is done.
#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/interchangeable.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {
namespace {

// Runs a suspended thread until it enters again; `again`: nobody else has run in between. Inline:
// fiber.S.
[[gnu::always_inline]] inline void SwitchTo(Frame* frame, bool again) {
#define HEDDLE_SWITCH(target)                                                                    \
  asm volatile(                                                                                  \
      "leaq -128(%%rsp), %%rsp\n\t" /* what a function may use without saying so */              \
      "pushq %%rbp\n\t"                                                                          \
      "leaq 1f(%%rip), %%rax\n\t"                                                                \
      "pushq %%rax\n\t"                                                                          \
      "jmp " target                                                                              \
      "\n"                                                                                       \
      "1: popq %%rbp\n\t"                                                                        \
      "leaq 128(%%rsp), %%rsp"                                                                   \
      : "+D"(frame)                                                                              \
      :                                                                                          \
      : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", \
        "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc")
  if (again) {
    HEDDLE_SWITCH("heddle_explorer_resume_again");
  } else {
    HEDDLE_SWITCH("heddle_explorer_resume");
  }
#undef HEDDLE_SWITCH
}

}  // namespace

void Scheduler::RunThread(Fiber& fiber) {
  if (fiber.id != 0) in_prologue_ = false;
  for (;;) {
    if (fiber.operation == nullptr) {
      Resume(fiber);
      while (KeepsStack(fiber) && repeats_ && !in_prologue_ && fiber.pending == 0 &&
             fiber.frame->operation() != AtomicOperation::kCall && Repeat(fiber)) {
        if (stopped_) return;
        ResumeAgain(fiber, true);
      }
      if (stopped_) return;
      if (plainly_ && fiber.pending == 0 && !in_prologue_ &&
          fiber.frame->operation() == AtomicOperation::kCall) {
        Operation& call = *TakeCall(*fiber.frame);
        if (call.kind == Operation::Kind::kFinish) return EndThread(fiber, call);
      }
      Take(fiber);
      if (in_prologue_) ContinuePrologue(*fiber.operation);
    }
    Next next = Next::kGoOn;
    if (fiber.pending != 0) next = TellPending(fiber);
    if (next == Next::kGoOn && fiber.fresh) {
      fiber.fresh = false;
      if (fiber.Polls()) {
        next = Arrive(fiber);
      } else if (fiber.operation->kind == Operation::Kind::kChoose) {
        LimitChoices(fiber);
      } else {
        next = ArriveAtCall(fiber);
      }
    }
    const bool repeated = next == Next::kGoOn && repeats_ && fiber.from_frame && RepeatTaken(fiber);
    if (stopped_) return;
    if (next == Next::kGoOn && !repeated) next = Do(fiber, *fiber.operation);
    if (next == Next::kStandBack) return;
    if (next == Next::kStop) {
      stopped_ = true;
      return;
    }
    fiber.operation = nullptr;
    if (fiber.finished) return;
    if (part_ && search_.Holds(fiber.id)) return;
  }
}

// As Do() would.
void Scheduler::EndThread(Fiber& fiber, Operation& operation) {
  if (search_.Finish(fiber.id).action != Action::kGo) {
    fiber.operation = &operation;
    stopped_ = true;
    return;
  }
  ++fiber.loop.operations;
  fiber.finished = true;
  CheckLeft(fiber, reinterpret_cast<std::uintptr_t>(fiber.stack_high));
}

// A switch of stacks less, and the scheduler's way around: who creates many threads joins them all.
bool Scheduler::JoinAtOnce(ThreadId joined, Site site, std::uintptr_t frame) {
  State& shared = state();
  Fiber& fiber = *shared.current;
  if (!plainly_ || in_prologue_ || shared.trial || fiber.pending != 0 || frame > fiber.last_frame) {
    return false;
  }
  shared.mode = Mode::kRuntime;
  const bool done = search_.JoinAtOnce(fiber.id, joined, site);
  if (done) {
    fiber.last_frame = frame;
    LoopHistory& loop = fiber.loop;
    ++loop.operations;
    ++loop.effects;
    loop.last_read = 0;
    loop.answers.clear();
    loop.answers.push_back({.value = 0, .success = true});
    const auto [clock, position] = search_.PlaceOf(fiber.id);
    shared.clock = clock;
    shared.position = static_cast<std::uint32_t>(position);
  }
  shared.mode = Mode::kProgram;
  return done;
}

[[gnu::always_inline]] void Scheduler::Resume(Fiber& fiber) {
  State& shared = state();
  const bool again = shared.current == &fiber;
  shared.current = &fiber;
  const auto [clock, position] = search_.PlaceOf(fiber.id);
  shared.clock = clock;
  shared.position = static_cast<std::uint32_t>(position);
  shared.watching = !fiber.loop.states.empty() || fiber.loop.stepping;
  if (ThreadPointer() != fiber.storage.pointer()) {
    SetThreadPointer(fiber.storage.pointer(), shared.has_fsgsbase);
  }
  ResumeAgain(fiber, again);
}

[[gnu::always_inline]] void Scheduler::ResumeAgain(Fiber& fiber, bool again) {
  State& shared = state();
  shared.mode = Mode::kProgram;
  SwitchTo(fiber.frame, again);
  shared.mode = Mode::kRuntime;
  fiber.frame = shared.frame;
  fiber.stack_used = std::min(fiber.stack_used, reinterpret_cast<char*>(fiber.frame));
}

void Scheduler::Take(Fiber& fiber) {
  fiber.fresh = true;
  if (fiber.frame->operation() == AtomicOperation::kCall) {
    fiber.operation = TakeCall(*fiber.frame);
    fiber.from_frame = false;
    // Plain accesses have no names.
    if (fiber.operation->first || fiber.operation->name == nullptr) fiber.loop.answers.clear();
    fiber.polled = nullptr;
    if (fiber.operation->polls) {
      fiber.polled = fiber.operation;
      fiber.own = *fiber.polled;
      fiber.operation = &fiber.own;
    }
  } else {
    fiber.operation = &fiber.own;
    fiber.from_frame = true;
    fiber.polled = nullptr;
    TakeAtomic(*fiber.frame, fiber.own);
    fiber.own.update.weak = options_.weak_cas && fiber.failed_at != fiber.own.access.site &&
                            fiber.frame->operation() == AtomicOperation::kCompareExchangeWeak;
    if (weaken_.on()) weaken_.Meet(fiber.frame->operation(), fiber.own);
  }
}

Scheduler::Next Scheduler::TellPending(Fiber& fiber) {
  // In the order in which they were made: the last is told last.
  for (int i = fiber.told; i < fiber.pending; ++i) {
    Access access = fiber.pending_writes[i];
    const Value value = ReadMemory(access.address, access.size);
    const Answer answer = search_.Store(fiber.id, access, value);
    if (answer.action == Action::kStandBack) return Next::kStandBack;
    if (answer.action == Action::kStop) return Next::kStop;
    ++fiber.told;
    if (state().tracer != nullptr) {
      tracer_.Happened(fiber.id, search_.Position(fiber.id) - 1, {access.site});
    }
    ++fiber.loop.operations;
    ++fiber.loop.effects;
  }
  fiber.pending = 0;
  fiber.told = 0;
  return Next::kGoOn;
}

// Once for each atomic operation of the program's own, before it is told for the first time.
Scheduler::Next Scheduler::Arrive(Fiber& fiber) {
  Operation& operation = fiber.own;
  fiber.awaits = false;
  fiber.steps = nullptr;
  if (operation.kind == Operation::Kind::kFence) return Next::kGoOn;
  if (!CheckMemory(fiber, operation)) return Next::kStop;
  if (operation.kind == Operation::Kind::kStore) return Next::kGoOn;
  const Next next = GoRound(fiber, operation, operation.access.site);
  const bool blocks = operation.kind == Operation::Kind::kBlock;
  return next == Next::kGoOn && !blocks && steps_ ? MatchStep(fiber, search_.Position(fiber.id))
                                                  : next;
}

// A modelled function can be what a loop goes round at, too: a lock that is taken at each turn.
Scheduler::Next Scheduler::ArriveAtCall(Fiber& fiber) {
  Operation& operation = *fiber.operation;
  if (operation.kind != Operation::Kind::kLoad && operation.kind != Operation::Kind::kUpdate) {
    return Next::kGoOn;
  }
  // Its own operations, apart: no program is there.
  const std::uint64_t place = fiber.loop.answers.size() + 1;
  return GoRound(fiber, operation, operation.access.site ^ place << 48);
}

Scheduler::Next Scheduler::GoRound(Fiber& fiber, Operation& operation, Site site) {
  int first = 0;
  switch (loops_.Visit(search_, fibers_, fiber, site, first, this)) {
    case Turn::kNew:
      return Next::kGoOn;
    case Turn::kLearned:
      learned_ = true;
      return Next::kStop;
    case Turn::kCut:
      CutLoop(operation, "a loop makes more turns than unroll=" + std::to_string(options_.unroll));
      first = -1;
      break;
    case Turn::kIdle:
      CutLoop(
          operation,
          "a loop takes and gives back what another thread looks at, for more turns than are run");
      break;
    case Turn::kTwice:
      first = -1;
      break;
    case Turn::kSame:
      fiber.turn_from = first;
      break;
  }
  operation.kind = Operation::Kind::kBlock;
  operation.number = first;
  return Next::kGoOn;
}

void Scheduler::CutLoop(const Operation& operation, std::string why) {
  cut_ = {.why = std::move(why), .loop = operation.access.site};
}

// Nothing else ends a loop that changes something and chooses each time, as a wait with a limit
// does.
void Scheduler::LimitChoices(Fiber& fiber) {
  Operation& operation = *fiber.operation;
  if (loops_.Count(fiber.id, operation.access.site)) return;
  CutLoop(operation, "a loop makes more turns than unroll=" + std::to_string(options_.unroll));
  operation.kind = Operation::Kind::kBlock;
  operation.number = -1;
}

Scheduler::Next Scheduler::Do(Fiber& fiber, Operation& operation) {
  const Site site = operation.access.site;
  Answer& answer = operation.answer;
  if (options_.strategy == Strategy::kGuided) Announce(fiber, operation);
  switch (operation.kind) {
    case Operation::Kind::kLoad:
    case Operation::Kind::kStore:
    case Operation::Kind::kUpdate:
      if (!fiber.from_frame && !CheckMemory(fiber, operation)) return Next::kStop;
      Ask(fiber, operation);
      if (learned_) return Next::kStop;
      break;
    case Operation::Kind::kFence:
      new (&answer) Answer(search_.Fence(fiber.id, operation.access.order, site));
      break;
    case Operation::Kind::kCreate:
      new (&answer) Answer(search_.Create(fiber.id, site, Like(fiber, operation)));
      break;
    case Operation::Kind::kJoin:
      new (&answer) Answer(search_.Join(fiber.id, operation.number, site));
      break;
    case Operation::Kind::kFinish:
      new (&answer) Answer(search_.Finish(fiber.id));
      break;
    case Operation::Kind::kChoose:
      new (&answer) Answer(search_.Choose(fiber.id, operation.number, site, operation.expires));
      break;
    case Operation::Kind::kBlock:
      new (&answer) Answer(search_.Block(fiber.id, operation.number, site));
      break;
    case Operation::Kind::kFault:
      Fail(*operation.fault);
      return Next::kStop;
    case Operation::Kind::kFatal:
      FatalAt(operation.fault->thread, operation.fault->site, operation.fault->message);
    case Operation::Kind::kNothing:
    case Operation::Kind::kEndTrial:
      return Next::kGoOn;
  }
  if (answer.action == Action::kStandBack) return Next::kStandBack;
  if (answer.action == Action::kStop) return Next::kStop;
  return Finished(fiber, operation) ? Next::kGoOn : Next::kStop;
}

void Scheduler::Announce(const Fiber& fiber, const Operation& operation) {
  search_.Announce(fiber.id, fiber.from_frame  ? Origin::kProgram
                             : operation.first ? Origin::kCallBegins
                                               : Origin::kCallGoesOn);
}

bool Scheduler::Finished(Fiber& fiber, Operation& operation) {
  if (state().tracer != nullptr) TraceOperation(fiber, operation);
  ++fiber.loop.operations;
  fiber.loop.last_read = 0;
  if (!fiber.from_frame) {
    CallAnswer& kept = fiber.loop.answers.emplace_back();
    kept.value = operation.answer.value;
    kept.success = operation.answer.success;
  }
  switch (operation.kind) {
    case Operation::Kind::kLoad:
    case Operation::Kind::kStore:
    case Operation::Kind::kUpdate:
      return Accessed(fiber, operation);
    case Operation::Kind::kCreate:
      StartThread(fiber, operation);
      ++fiber.loop.effects;
      return true;
    case Operation::Kind::kFinish:
      fiber.finished = true;
      return CheckLeft(fiber, reinterpret_cast<std::uintptr_t>(fiber.stack_high));
    case Operation::Kind::kJoin:
      ++fiber.loop.effects;
      return true;
    default:
      return true;
  }
}

// The thread that `creator` has just created, if the new one runs the same.
ThreadId Scheduler::Like(const Fiber& creator, const Operation& operation) {
  const int position = search_.Position(creator.id);
  if (!options_.symmetry || position == 0) return kNoThread;
  const Graph& graph = search_.graph();
  const Event& last = graph[graph.thread(creator.id)[static_cast<std::size_t>(position) - 1]];
  if (last.kind != Kind::kCreate) return kNoThread;
  return fibers_[last.peer].work == WorkOf(operation, heap_) ? last.peer : kNoThread;
}

void Scheduler::StartThread(Fiber& creator, const Operation& operation) {
  const auto id = static_cast<ThreadId>(operation.answer.value);
  Fiber& fiber = fibers_[id];
  if (fiber.stack_low == nullptr) {
    const OwnThreadPointer own;
    fiber.Allocate(id);
  }
  fiber.Start(operation.function, operation.argument, loops_.Any());
  fiber.parent = creator.id;
  fiber.created_at = operation.access.site;
  fiber.detached = operation.detached;
  fiber.work = options_.symmetry ? WorkOf(operation, heap_) : 0;
  if (id >= threads_) threads_ = id + 1;
}

}  // namespace heddle::explorer
