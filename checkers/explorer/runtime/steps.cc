// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about loads and compare-exchanges that make one step: loops.h.
//
// A turn of a retry loop reads a word, prepares what is to become of it, and swaps. Where the swap
// fails, and the thread is then where it would be if the load had read what the compare-exchange
// did, the turn has been for nothing: the execution without it is explored, too. So a
// compare-exchange of a step reads the value that its load has read, or one that ends the loop. It
// has to be the same write only where there is nothing in between: what is read there may be of
// another time, though the value has come back.
// - Between the two there may be plain accesses, loads, and stores. What the turn stores the next
//   one stores anew before it does anything else (Rejoins() runs it that far), and no other thread
//   may come to it at the same time: where one does, in some execution, the two are no step
//   (SomeStepWasSeen()).
// - An execution without the turn's reads knows no more than one with them, since the load acquires
//   no more than the failed compare-exchange does; or since the thread does nothing else before the
//   swap, which acquires as much. So it is consistent where the other one is, and has its races.
// - Where the load has read that value already it is the same execution: the thread goes round for
//   ever, unless another value comes.
// - What the turn itself may do wrong is seen where the thread stands at the compare-exchange, and
//   waits for a value that lets it go on.
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/trial.h"
#include "checkers/explorer/runtime/words.h"

namespace heddle::explorer {
Scheduler::Next Scheduler::MatchStep(Fiber& fiber, int position) {
  LoopHistory& history = fiber.loop;
  const Operation& operation = fiber.own;
  const Access& access = operation.access;
  StepStart* const end = history.steps.data() + std::min(history.step_count, history.steps.size());
  StepStart* step = std::find_if(history.steps.data(), end, [&](const StepStart& known) {
    return known.address == access.address && known.size == access.size;
  });
  const bool known = step != end;
  if (operation.kind == Operation::Kind::kLoad) {
    if (!known) step = &history.steps[history.step_count++ % history.steps.size()];
    step->site = access.site;
    step->address = access.address;
    step->size = access.size;
    step->order = access.order;
    step->position = position;
    step->operations = history.operations + 1;
    step->quiet = history.quiet + 1;
    step->effects = history.effects;
    step->looks = history.looks;
    step->accesses = history.accesses;
    step->writes = history.writes.size();
    step->frame = nullptr;
    if (loops_.IsStart(access.site)) {
      step->frame = fiber.frame;
      const auto* const low = reinterpret_cast<const unsigned char*>(fiber.frame);
      step->bytes.assign(low, reinterpret_cast<const unsigned char*>(fiber.stack_high));
      history.stepping = true;
      state().watching = true;
    }
    return Next::kGoOn;
  }
  if (!known || operation.update.operation != Rmw::kCompareExchange ||
      !loops_.IsLoop(access.site) || step->effects != history.effects ||
      step->looks != history.looks ||
      history.operations - step->operations != history.quiet - step->quiet) {
    return Next::kGoOn;
  }
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  bool writes = false;
  for (int i = step->position; i < position; ++i) {
    const Event& event = graph[own[static_cast<std::size_t>(i)]];
    if (event.kind != Kind::kWrite) continue;
    writes = true;
    if (search_.AddressOf(event.location) == access.address) return Next::kGoOn;
  }
  if (writes && loops_.IsOpen(step->site)) return Next::kGoOn;
  // What is replayed has been found with what was known then.
  const bool learns = options_.replay.empty();
  if (learns && loops_.MarkStart(step->site)) {
    learned_ = true;
    return Next::kStop;
  }
  if (step->frame == nullptr) return Next::kGoOn;
  fiber.steps = step;
  if (writes) {
    history.step_writes.push_back({.site = step->site, .first = step->position, .last = position});
  }
  return Next::kGoOn;
}

// The step's load: nothing between the two reads the same location.
int Scheduler::PartnerOf(const Fiber& fiber) const {
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  int at = search_.Position(fiber.id);
  while (--at >= 0) {
    const Event& event = graph[own[static_cast<std::size_t>(at)]];
    if (event.kind == Kind::kRead && search_.AddressOf(event.location) == fiber.steps->address) {
      break;
    }
  }
  return at;
}

Value Scheduler::ValueRead(const Fiber& fiber, int position) const {
  const Graph& graph = search_.graph();
  return graph[graph.thread(fiber.id)[static_cast<std::size_t>(position)]].value;
}

bool Scheduler::SwapsTheSame(const Fiber& fiber, const Operation& operation, int partner) const {
  const StepStart& step = *fiber.steps;
  return step.operations == fiber.loop.operations && step.accesses == fiber.loop.accesses &&
         ValueRead(fiber, partner) == operation.update.expected &&
         AcquiresNoMore(step.order, operation.access.order);
}

bool Scheduler::SomeStepWasSeen() {
  bool seen = false;
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    if (!fiber.started) continue;
    for (const StepWrites& writes : fiber.loop.step_writes) {
      if (search_.AreAlone(i, writes.first, writes.last)) continue;
      seen = loops_.MarkOpen(writes.site) || seen;
    }
  }
  return seen;
}

Frame* Scheduler::Try(Fiber& fiber, const Operation& answered, TrialLog& log) {
  log.Clear();
  for (Operation answer = answered;;) {
    if (!RunOn(fiber, answer, log)) return nullptr;
    Frame* const there = fiber.frame;
    if (there->operation() == AtomicOperation::kCall) return nullptr;
    Operation next;
    TakeAtomic(*there, next);
    const Access& access = next.access;
    if (next.kind != Operation::Kind::kStore || access.address == answered.access.address) {
      return there;
    }
    if (log.store_count == TrialLog::kMost) return nullptr;
    log.stores[log.store_count++] = {.address = access.address,
                                     .size = access.size,
                                     .order = access.order,
                                     .site = access.site,
                                     .value = next.value};
    answer.answer = {.action = Action::kGo, .value = 0, .success = true};
  }
}

bool Scheduler::Rejoins(Fiber& fiber, const Operation& operation, Value value) {
  const StepStart& step = *fiber.steps;
  LoopHistory& history = fiber.loop;
  const std::uint32_t accesses = history.accesses;
  const bool at_once = step.operations == history.operations && step.accesses == history.accesses;
  Frame* const frame = fiber.frame;
  auto* const low = reinterpret_cast<unsigned char*>(frame);
  const auto size = static_cast<std::size_t>(fiber.stack_high - reinterpret_cast<char*>(low));
  saved_.assign(low, low + size);
  Operation tried = operation;
  tried.answer = {.action = Action::kGo, .value = value, .success = false};
  static TrialLog failed_log;
  static TrialLog start_log;
  Frame* const failed = Try(fiber, tried, failed_log);
  bool same = failed != nullptr && StoresAgain(fiber, failed_log);
  const bool goes_round = same && failed->return_address == operation.access.site && at_once &&
                          failed_log.access_count == 0 && failed_log.store_count == 0;
  const std::vector<LoggedWrite>& writes = history.writes;
  if (same) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(failed);
    reached_.assign(bytes, reinterpret_cast<const unsigned char*>(fiber.stack_high));
    values_.clear();
    for (std::size_t i = 0; i < failed_log.write_count; ++i) {
      values_.push_back(ReadMemory(failed_log.writes[i].address, failed_log.writes[i].size));
    }
    for (std::size_t i = step.writes; i < writes.size(); ++i) {
      values_.push_back(ReadMemory(writes[i].address, writes[i].size));
    }
  }
  failed_log.TakeBack();
  if (same) {
    undone_.clear();
    for (std::size_t i = step.writes; i < writes.size(); ++i) {
      undone_.push_back(ReadMemory(writes[i].address, writes[i].size));
    }
    for (std::size_t i = writes.size(); i-- > step.writes;) {
      WriteMemory(writes[i].address, writes[i].size, writes[i].old);
    }
    auto* const start = const_cast<Frame*>(step.frame);
    memcpy(static_cast<void*>(start), step.bytes.data(), step.bytes.size());
    fiber.frame = start;
    tried.answer.success = true;
    same = Try(fiber, tried, start_log) == failed && start_log.SameAs(failed_log) &&
           memcmp(reached_.data(), failed, reached_.size()) == 0;
    const Value* wanted = values_.data();
    for (std::size_t i = 0; same && i < failed_log.write_count; ++i) {
      same = *wanted++ == ReadMemory(failed_log.writes[i].address, failed_log.writes[i].size);
    }
    for (std::size_t i = step.writes; same && i < writes.size(); ++i) {
      same = *wanted++ == ReadMemory(writes[i].address, writes[i].size);
    }
    start_log.TakeBack();
    for (std::size_t i = step.writes; i < writes.size(); ++i) {
      WriteMemory(writes[i].address, writes[i].size, undone_[i - step.writes]);
    }
  }
  memcpy(low, saved_.data(), size);
  auto* const lowest =
      std::min(low, reinterpret_cast<unsigned char*>(const_cast<Frame*>(step.frame)));
  memset(lowest, 0, static_cast<std::size_t>(low - lowest));
  ClearBelow(fiber, lowest);
  fiber.frame = frame;
  history.accesses = accesses;
  if (AcquiresNoMore(step.order, operation.update.failure)) return same;
  // Where the loop goes on until the swap, that one acquires.
  const Site site = operation.access.site;
  if (!same && options_.replay.empty() && loops_.MarkExits(site)) learned_ = true;
  return same && goes_round && !loops_.Exits(site) &&
         AcquiresNoMore(step.order, operation.access.order);
}

// Whether the turn that was tried stores to all that the thread has stored to in this one.
bool Scheduler::StoresAgain(const Fiber& fiber, const TrialLog& log) const {
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  for (int i = fiber.steps->position; i < search_.Position(fiber.id); ++i) {
    const Event& event = graph[own[static_cast<std::size_t>(i)]];
    if (event.kind == Kind::kWrite && !log.Stores(search_.AddressOf(event.location), event.size)) {
      return false;
    }
  }
  return true;
}

}  // namespace heddle::explorer
