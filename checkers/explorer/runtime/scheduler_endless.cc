// SPDX-License-Identifier: Apache-2.0
//
// The scheduler's part about executions in which the program does not end: what is wrong with it.
#include <string.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/scheduler.h"

// libstdc++'s table for waits on atomics that are no futexes: who waits for one of them sleeps on a
// version in it, which each notification changes. Null in programs without such waits.
// NOLINTNEXTLINE(modernize-avoid-c-arrays): its size is the library's business
extern "C" __attribute__((weak)) const char heddle_explorer_waiter_pool[] __asm__(
    "_ZZNSt8__detail18__waiter_pool_base6_S_forEPKvE3__w");

namespace heddle::explorer {
namespace {

constexpr std::size_t kWaiterPoolSize = std::size_t{16} * 128;

bool IsInWaiterPool(std::uintptr_t address) {
  const auto begin = reinterpret_cast<std::uintptr_t>(heddle_explorer_waiter_pool);
  return begin != 0 && address - begin < kWaiterPoolSize;
}

}  // namespace

// Some thread runs on for ever; whatever the others do has not shown an error.
bool Scheduler::DescribeEndless() {
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    if (!fiber.started || !fiber.endless) continue;
    fault_ = Fault();
    fault_.verdict = verdict::kLivelock;
    fault_.thread = i;
    fault_.site = fiber.operation->access.site;
    snprintf(fault_.message, sizeof fault_.message,
             "thread %d runs on for seconds without an atomic operation or a call that could end "
             "its loop",
             i);
    return true;
  }
  return false;
}

// Its stack still holds what it has not freed.
bool Scheduler::SomeThreadEndsProgram() const {
  for (int i = 0; i < threads_; ++i) {
    if (fibers_[i].started && fibers_[i].ends_program) return true;
  }
  return false;
}

bool Scheduler::SomeWaitExpires() const {
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    if (fiber.started && !fiber.finished && fiber.operation != nullptr &&
        fiber.operation->expires) {
      return true;
    }
  }
  return false;
}

void Scheduler::DescribeLength() {
  if (options_.max_operations == 0) {
    cut_ = {.why = "a thread does more than " + std::to_string(kMaxOperations) +
                   " operations in one execution"};
    return;
  }
  Fault fault;
  for (int i = 0; i < threads_; ++i) {
    if (search_.Position(i) >= search_.Position(std::max(fault.thread, 0))) fault.thread = i;
  }
  const Fiber& fiber = fibers_[fault.thread];
  if (fiber.operation != nullptr) fault.site = fiber.operation->access.site;
  fault.verdict = verdict::kLivelock;
  snprintf(fault.message, sizeof fault.message, "thread %d does more than %d operations",
           fault.thread, options_.max_operations);
  fault_ = fault;
}

// Of the threads from `thread` on, each may have made one of its rounds, or none.
bool Scheduler::FindRounds(ThreadId thread, Rounds& rounds) {
  if (thread < threads_) {
    const Fiber& fiber = fibers_[thread];
    if (FindRounds(thread + 1, rounds)) return true;
    if (!fiber.started) return false;
    Round& round = rounds[static_cast<std::size_t>(thread)];
    for (const Round& made : fiber.loop.rounds) {
      round = made;
      if (FindRounds(thread + 1, rounds)) return true;
    }
    round = Round();
    return false;
  }
  std::uint32_t joins = 0;
  bool any = false;
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    any = any || rounds[static_cast<std::size_t>(i)].first >= 0;
    const bool waits = fiber.started && !fiber.finished && fiber.operation != nullptr;
    if (waits && fiber.operation->kind == Operation::Kind::kJoin) joins |= 1U << i;
  }
  return any && RepeatForEver(search_.graph(), rounds, joins);
}

void Scheduler::DescribeRounds(const Rounds& rounds) {
  Fault fault;
  fault.verdict = verdict::kLivelock;
  std::string names;
  for (int i = 0; i < threads_; ++i) {
    if (rounds[static_cast<std::size_t>(i)].first < 0) continue;
    if (fault.thread == kNoThread) fault.thread = i;
    names += (names.empty() ? "thread " : ", thread ") + std::to_string(i);
  }
  const bool several = names.find(',') != std::string::npos;
  snprintf(fault.message, sizeof fault.message, "%s %s, for ever if nothing changes their pace",
           names.c_str(), several ? "undo each other's steps" : "does and undoes the same");
  fault_ = fault;
}

bool Scheduler::HasChanged(std::uintptr_t word, std::uint32_t since) const {
  const Graph& graph = search_.graph();
  for (std::size_t i = 0; i < graph.locations(); ++i) {
    const auto location = static_cast<LocationId>(i);
    if (search_.AddressOf(location) != word || graph.location(location).accesses.empty()) continue;
    return graph.ValueOf(graph.Newest(location), location) != since;
  }
  return false;
}

// Who sleeps though what it sleeps on has changed has not been told, or too early. Where that is a
// version in libstdc++'s table the thread has read what it waits for last of all.
bool Scheduler::SleepsInVain(const Fiber& fiber) const {
  const Operation& operation = *fiber.operation;
  if (operation.word == 0) return false;
  if (HasChanged(operation.word, operation.slept_on)) return true;
  if (!IsInWaiterPool(operation.word)) return false;
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(fiber.id);
  const auto read = std::find_if(own.rbegin(), own.rend(), [&](EventId id) {
    const Event& event = graph[id];
    return event.kind == Kind::kRead && !event.internal &&
           !IsInWaiterPool(search_.AddressOf(event.location));
  });
  if (read == own.rend()) return false;
  const LocationId location = graph[*read].location;
  return graph.ValueOf(graph.Newest(location), location) != graph[*read].value;
}

void Scheduler::DescribeHang() {
  Fault fault;
  bool missed = false;
  bool await = false;
  std::size_t length = 0;
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    if (!fiber.started || fiber.finished || fiber.operation == nullptr) continue;
    const Operation& operation = *fiber.operation;
    const char* what = operation.waits_for;
    if (operation.kind == Operation::Kind::kJoin) what = "join";
    if (operation.kind == Operation::Kind::kBlock) what = "await";
    if (what == nullptr) what = "await";
    if (fault.thread == kNoThread) {
      fault.thread = i;
      fault.site = operation.access.site;
    }
    missed |= strcmp(what, "condition") == 0 || SleepsInVain(fiber);
    await |= strcmp(what, "await") == 0;
    const int written = snprintf(fault.message + length, sizeof fault.message - length,
                                 "%sthread %d waits (%s)", length == 0 ? "" : ", ", i, what);
    if (written > 0) length += static_cast<std::size_t>(written);
    if (length >= sizeof fault.message) break;
  }
  // A process would end then. Here its threads run on.
  const char* const ended = SomeThreadEndsProgram() ? "exit()"
                            : fibers_[0].finished   ? "the end of main()"
                                                    : nullptr;
  if (ended != nullptr && length < sizeof fault.message) {
    snprintf(fault.message + length, sizeof fault.message - length, ", after %s", ended);
  }
  fault.verdict = missed ? verdict::kLostWakeup : await ? verdict::kLivelock : verdict::kDeadlock;
  fault_ = fault;
}

}  // namespace heddle::explorer
