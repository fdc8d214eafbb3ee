// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about turns that are forgotten: loops.h.
//
// A thread that goes round often leaves traces that it never looks at: registers and variables that
// the next turn writes anew. Its state is another one then, though nothing can come of that. When
// it reads where it has read before, and has changed nothing in between, it is tried whether the
// later read, or all reads from that on, bring it from where it was at the earlier one to the very
// state that they bring it to now. If so, there is an execution without the events from the earlier
// read up to the later one, in which the thread goes on just as it would here:
// - It is consistent, and has the races of this one, since the thread knows no more there: all that
//   is left out is reads, and the earlier read acquires no more than the later one.
// - What the turn itself may do wrong is seen where it is made.
// So the value is refused: the thread waits for one that takes it elsewhere. Nothing is wrong with
// it if there is none, unless what is read is the same in both turns: then it is one execution, of
// a thread that goes round for ever.
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/trial.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {
namespace {

// Of one operation: how many turns are tried.
constexpr std::size_t kMostForgotten = 8;

bool Compares(const Update& update) { return update.operation == Rmw::kCompareExchange; }

}  // namespace

// The thread's next event from `at` on that is no waiting; -1: there is none.
int Scheduler::NextRead(const std::vector<EventId>& own, int at) const {
  const Graph& graph = search_.graph();
  const int size = static_cast<int>(own.size());
  while (at < size && graph[own[static_cast<std::size_t>(at)]].kind == Kind::kPark) ++at;
  return at < size && graph[own[static_cast<std::size_t>(at)]].kind == Kind::kRead ? at : -1;
}

void Scheduler::FindForgotten(const Fiber& fiber, const Operation& operation) {
  const Access& access = operation.access;
  const bool update = operation.kind == Operation::Kind::kUpdate;
  if ((update && !Compares(operation.update)) || !loops_.IsLoop(access.site)) return;
  const LoopHistory& history = fiber.loop;
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  const int end = search_.Position(fiber.id);
  int begin = end;
  while (begin > 0) {
    const Event& event = graph[own[static_cast<std::size_t>(begin) - 1]];
    if (event.kind != Kind::kPark && (event.kind != Kind::kRead || event.internal)) break;
    --begin;
  }
  const auto is_like = [&](const Event& event, const Event& later) {
    return event.update == later.update && event.location == later.location &&
           event.size == later.size && !event.fails &&
           (event.update ? event.site == later.site : AcquiresNoMore(event.order, later.order));
  };
  const auto is_like_this = [&](const Event& event) {
    return event.update == update && search_.AddressOf(event.location) == access.address &&
           event.size == access.size && !event.fails &&
           (update ? event.site == access.site : AcquiresNoMore(event.order, access.order));
  };
  for (std::size_t i = history.states.size(); i-- > 0;) {
    const LoopState& state = history.states[i];
    if (state.position < begin || state.effects != history.effects ||
        state.looks != history.looks || state.changes != history.changes) {
      break;
    }
    if (state.rest_size != 0) continue;
    const int read = NextRead(own, state.position);
    if (read < 0 || read >= end) continue;
    const Event& event = graph[own[static_cast<std::size_t>(read)]];
    if (is_like_this(event)) forgotten_.push_back({.state = i, .read = read, .again = end});
    for (int again = end; --again > read;) {
      const Event& later = graph[own[static_cast<std::size_t>(again)]];
      if (later.kind == Kind::kRead && is_like(event, later)) {
        forgotten_.push_back({.state = i, .read = read, .again = again});
      }
    }
    if (forgotten_.size() >= kMostForgotten) break;
  }
  // A read before the loop, where the loop reads the same.
  if (update || !options_.replay.empty()) return;
  for (int i = begin; i < end; ++i) {
    const Event& event = graph[own[static_cast<std::size_t>(i)]];
    if (event.kind == Kind::kRead && is_like_this(event) && loops_.MarkLoop(event.site)) {
      learned_ = true;
    }
  }
}

bool Scheduler::Forgets(Fiber& fiber, const Operation& operation, Value value, int& turn) {
  if (forgotten_.empty()) return false;
  LoopHistory& history = fiber.loop;
  Frame* const frame = fiber.frame;
  const std::uint32_t accesses = history.accesses;
  void* const result = fiber.result;
  auto* const low = reinterpret_cast<unsigned char*>(frame);
  saved_.assign(low, reinterpret_cast<unsigned char*>(fiber.stack_high));
  unsigned char* lowest = low;

  static TrialLog now_log;
  static TrialLog then_log;
  now_log.Clear();
  Operation tried = operation;
  tried.answer = {
      .action = Action::kGo, .value = value, .success = operation.kind == Operation::Kind::kLoad};
  Reached reached;
  const bool compares = RunOn(fiber, tried, now_log) && Look(fiber, reached);
  after_.clear();
  NoteBytes(now_log.writes.data(), now_log.write_count);
  const std::size_t first =
      std::min_element(forgotten_.begin(), forgotten_.end(),
                       [](const Forgotten& a, const Forgotten& b) { return a.state < b.state; })
          ->state;
  const std::vector<LoggedWrite>& writes = history.writes;
  const std::size_t first_write = history.states[first].writes;
  NoteBytes(writes.data() + first_write, writes.size() - first_write);
  now_log.TakeBack();

  bool forgets = false;
  for (const Forgotten& forgotten : forgotten_) {
    if (!compares) break;
    const LoopState& state = history.states[forgotten.state];
    undone_.clear();
    for (std::size_t i = state.writes; i < writes.size(); ++i) {
      undone_.push_back(ReadMemory(writes[i].address, writes[i].size));
    }
    for (std::size_t i = writes.size(); i-- > state.writes;) {
      WriteMemory(writes[i].address, writes[i].size, writes[i].old);
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the thread's own stack
    auto* const start = const_cast<unsigned char*>(state.stack);
    lowest = std::min(lowest, start);
    memset(lowest, 0, static_cast<std::size_t>(start - lowest));
    ClearBelow(fiber, lowest);
    memcpy(start, history.bytes.data() + state.bytes, state.stack_size);
    fiber.frame = reinterpret_cast<Frame*>(start);
    then_log.Clear();
    int same = forgotten.read;
    forgets = Follow(fiber, operation, value, forgotten, then_log, same) && IsAt(fiber, reached) &&
              LeavesTheSame(then_log) && GoesRound(fiber, operation, forgotten, reached);
    then_log.TakeBack();
    for (std::size_t i = state.writes; i < writes.size(); ++i) {
      WriteMemory(writes[i].address, writes[i].size, undone_[i - state.writes]);
    }
    if (!forgets) continue;
    turn = same;
    break;
  }
  memset(lowest, 0, static_cast<std::size_t>(low - lowest));
  memcpy(low, saved_.data(), saved_.size());
  ClearBelow(fiber, lowest);
  fiber.frame = frame;
  fiber.result = result;
  history.accesses = accesses;
  return forgets;
}

// Where the two reads are at different places, the thread has to have come back to one in between:
// it has not if it only reads once more what it has found in its way.
bool Scheduler::GoesRound(const Fiber& fiber, const Operation& operation,
                          const Forgotten& forgotten, const Reached& reached) const {
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  const int end = search_.Position(fiber.id);
  const auto site_of = [&](int at) {
    return at < end ? graph[own[static_cast<std::size_t>(at)]].site : operation.access.site;
  };
  if (site_of(forgotten.read) == site_of(forgotten.again)) return true;
  const auto comes_to = [&](Site site) {
    for (int at = forgotten.again + 1; at <= end; ++at) {
      if (site_of(at) == site) return true;
    }
    return !reached.finished && reached.frame->return_address == site;
  };
  for (int at = forgotten.read + 1; at < forgotten.again; ++at) {
    if (comes_to(site_of(at))) return true;
  }
  return false;
}

// Lets the thread go on from the earlier read with what it has read from the later one on.
// `same`: behind the events that it has read the same at before; -1: it has not.
bool Scheduler::Follow(Fiber& fiber, const Operation& operation, Value value,
                       const Forgotten& forgotten, TrialLog& log, int& same) {
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  const int end = search_.Position(fiber.id);
  Operation tried;
  for (int at = forgotten.again;; ++at) {
    const bool last = at >= end;
    const Event* const event = last ? nullptr : &graph[own[static_cast<std::size_t>(at)]];
    if (!last && event->kind == Kind::kPark) continue;
    if (fiber.frame->operation() == AtomicOperation::kCall) return false;
    TakeAtomic(*fiber.frame, tried);
    const bool first = at == forgotten.again;
    const Site site = last ? operation.access.site : event->site;
    const std::uintptr_t address =
        last ? operation.access.address : search_.AddressOf(event->location);
    const std::uint8_t size = last ? operation.access.size : event->size;
    const bool update = last ? operation.kind == Operation::Kind::kUpdate : event->update;
    const Value read = last ? value : event->value;
    if (tried.kind != (update ? Operation::Kind::kUpdate : Operation::Kind::kLoad) ||
        (!first && tried.access.site != site) || tried.access.address != address ||
        tried.access.size != size ||
        (update && (!Compares(tried.update) || tried.update.expected == read))) {
      return false;
    }
    tried.answer = {.action = Action::kGo, .value = read, .success = !update};
    if (same >= 0) {
      const int then = NextRead(own, same);
      same = then >= 0 && then < end && graph[own[static_cast<std::size_t>(then)]].value == read
                 ? then + 1
                 : -1;
    }
    if (!RunOn(fiber, tried, log)) return false;
    if (last) return true;
  }
}

// False: it has come to something that cannot be compared.
bool Scheduler::RunOn(Fiber& fiber, const Operation& answered, TrialLog& log) {
  if (!answered.answer.success && answered.kind == Operation::Kind::kUpdate &&
      PointsToExpected(fiber.frame->operation())) {
    const std::uintptr_t expected = fiber.frame->arguments[1];
    if (!fiber.OnStack(expected)) {
      if (log.write_count == TrialLog::kMost) return false;
      log.Write(expected, answered.access.size);
    }
  }
  Return(fiber, answered);
  state().trial = true;
  state().trial_log = &log;
  Resume(fiber);
  state().trial_log = nullptr;
  state().trial = false;
  return true;
}

bool Scheduler::Look(const Fiber& fiber, Reached& reached) {
  Frame* const there = fiber.frame;
  reached.frame = there;
  reached.result = fiber.result;
  reached.finished = there->operation() == AtomicOperation::kCall;
  if (reached.finished) return TakeCall(*there)->kind == Operation::Kind::kFinish;
  Operation operation;
  TakeAtomic(*there, operation);
  reached_.assign(reinterpret_cast<const unsigned char*>(there),
                  reinterpret_cast<const unsigned char*>(fiber.stack_high));
  return true;
}

bool Scheduler::IsAt(const Fiber& fiber, const Reached& reached) {
  Frame* const there = fiber.frame;
  const bool calls = there->operation() == AtomicOperation::kCall;
  if (calls != reached.finished) return false;
  if (calls) {
    return TakeCall(*there)->kind == Operation::Kind::kFinish && fiber.result == reached.result;
  }
  if (there != reached.frame) return false;
  Operation operation;
  TakeAtomic(*there, operation);
  return memcmp(there, reached_.data(), reached_.size()) == 0;
}

void Scheduler::NoteBytes(const LoggedWrite* writes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uintptr_t at = writes[i].address; at < writes[i].address + writes[i].size; ++at) {
      after_.emplace_back(at, static_cast<unsigned char>(ReadMemory(at, 1)));
    }
  }
}

bool Scheduler::LeavesTheSame(const TrialLog& log) const {
  const auto is_same = [](const auto& byte) {
    return static_cast<unsigned char>(ReadMemory(byte.first, 1)) == byte.second;
  };
  if (!std::all_of(after_.begin(), after_.end(), is_same)) return false;
  // What only this one has written to has to hold what it held.
  for (std::size_t i = 0; i < log.write_count; ++i) {
    const LoggedWrite& write = log.writes[i];
    for (std::size_t k = 0; k < write.size; ++k) {
      const std::uintptr_t at = write.address + k;
      const auto is_known = [at](const auto& byte) { return byte.first == at; };
      if (std::any_of(after_.begin(), after_.end(), is_known)) continue;
      const auto* const first = std::find_if(
          log.writes.begin(), log.writes.begin() + i, [at](const LoggedWrite& earlier) {
            return at >= earlier.address && at < earlier.address + earlier.size;
          });
      const auto old = static_cast<unsigned char>(first->old >> (8 * (at - first->address)));
      if (static_cast<unsigned char>(ReadMemory(at, 1)) != old) return false;
    }
  }
  return true;
}

}  // namespace heddle::explorer
