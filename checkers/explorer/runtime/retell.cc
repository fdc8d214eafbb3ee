// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler does when it has found an error: the execution is run once more, without what
// the error does not need, and everything is noted that a report tells of it. What is left is a
// part of the execution's graph that is closed under what comes before each event; that is a
// consistent execution of its own.
#include <string.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/silence.h"

namespace heddle::explorer {
namespace {

bool Is(const Fault& fault, const char* verdict) { return strcmp(fault.verdict, verdict) == 0; }

bool IsHang(const Fault& fault) {
  return Is(fault, verdict::kDeadlock) || Is(fault, verdict::kLivelock) ||
         Is(fault, verdict::kLostWakeup);
}

bool Same(const Fault& a, const Fault& b) {
  if (strcmp(a.verdict, b.verdict) != 0 || a.accesses != b.accesses) return false;
  if (IsHang(a)) return true;
  if (a.accesses != 2) return a.site == b.site;
  const auto same = [&](int i, int k) {
    return a.access[i].site == b.access[k].site && a.access[i].thread == b.access[k].thread;
  };
  return (same(0, 0) && same(1, 1)) || (same(0, 1) && same(1, 0));
}

constexpr std::string_view kOfSc = "sc;";

// Of two events that are one operation, and of those that are none of the program's, no step.
bool IsStep(const Event& event) {
  return event.kind != Kind::kPark && event.kind != Kind::kFinish &&
         !(event.kind == Kind::kWrite && event.update);
}

// The operation's own order. That of a compare-exchange that fails is chosen by what it finds.
bool HasOrder(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kLoad:
    case Operation::Kind::kStore:
    case Operation::Kind::kFence:
      return true;
    case Operation::Kind::kUpdate:
      return operation.answer.success;
    default:
      return false;
  }
}

}  // namespace

void Scheduler::RunExecution() {
  BeginExecution();
  ThreadId thread;
  while (!stopped_ && (thread = search_.Next()) != kNoThread) RunThread(fibers_[thread]);
}

// "LOOPS;GRAPH", "sc;" before it with that model, and ";N" where N operations have been left out.
bool Scheduler::TakeReplay(std::string_view path) {
  const bool sc = path.starts_with(kOfSc);
  if (sc) path.remove_prefix(kOfSc.size());
  if (sc != (options_.model == Model::kSc)) {
    Fatal("the execution to replay is one of the model %s", sc ? "sc" : "rc11");
  }
  const std::size_t loops = path.find(';');
  if (loops == std::string_view::npos || !loops_.Restore(path.substr(0, loops))) return false;
  std::string_view graph = path.substr(loops + 1);
  if (const std::size_t left = graph.find(';'); left != std::string_view::npos) {
    const std::string number(graph.substr(left + 1));
    const char* const end = number.c_str() + number.size();
    const auto [at, error] = std::from_chars(number.c_str(), end, left_out_);
    if (error != std::errc() || at != end || left_out_ < 1) return false;
    graph = graph.substr(0, left);
  }
  if (!search_.Restore(graph)) return false;
  part_ = search_.IsPart();
  if (part_) replayed_ = graph;
  return true;
}

void Scheduler::Retell() {
  // Nothing is run beyond the execution that is replayed: a program that does something else stops
  // short of it, and waits or not.
  if (!options_.expected.empty() && !Is(fault_, options_.expected.c_str()) &&
      !Is(fault_, verdict::kError) && (part_ || IsHang(fault_))) {
    fault_ = Fault();
    fault_.verdict = verdict::kError;
    snprintf(fault_.message, sizeof fault_.message,
             "the program did not repeat: the %s of the counterexample does not come about",
             options_.expected.c_str());
  }
  // Who replays without a record does it in a debugger, and wants to see it once.
  if (!options_.replay.empty() && options_.record.empty()) {
    path_ = options_.replay;
    return;
  }
  const Fault found = fault_;
  const Counts counts = search_.counts();
  const std::string model(options_.model == Model::kSc ? kOfSc : "");
  const std::string knowledge = weaken_.ToPath() + model + loops_.Save() + ";";
  const std::string whole = part_ ? replayed_ : search_.Save();
  int left_out = left_out_;
  std::string part = whole;
  if (!Is(found, verdict::kError)) {
    if (!part_) part = SavePart(found, left_out);
    if (left_out > 0 && TellAgain(part, found)) {
      left_out_ = left_out;
    } else {
      left_out_ = 0;
      part = whole;
      if (!TellAgain(whole, found)) {
        // There is a graph, but the program does not do that again.
        fault_ = found;
        tracer_.Clear();
        search_.Restore(whole);
        search_.Begin();
      }
    }
  }
  if (!options_.replay.empty() && tracer_.other_order().site != 0) {
    fault_ = tracer_.other_order();
    tracer_.Clear();
  }
  path_ = knowledge + part + (left_out_ > 0 ? ";" + std::to_string(left_out_) : "");
  search_.SetCounts(counts);
}

bool Scheduler::TellAgain(const std::string& graph, const Fault& found) {
  fault_ = Fault();
  if (!search_.Restore(graph) || !search_.Begin()) return false;
  part_ = search_.IsPart();
  tracer_.Begin(found, fibers_);
  state().tracer = &tracer_;
  std::optional<Silence> silence;
  if (!options_.replay.empty()) silence.emplace();
  RunExecution();
  if (!learned_) EndExecution();
  TraceWaits();
  state().tracer = nullptr;
  return fault_.verdict != nullptr && Same(found, fault_);
}

// What comes before the accesses that the fault names; of a deadlock, before the operations that
// wait for each other. Nobody else could end those waits. Empty: everything may be needed.
std::string Scheduler::SavePart(const Fault& fault, int& left_out) const {
  const Graph& graph = search_.graph();
  Part part;
  const auto need = [&](ThreadId thread, int events) {
    const int told = std::min(events, search_.Position(thread));
    const Event* const last = graph.Before(thread, static_cast<std::size_t>(told));
    if (last != nullptr) part.events.Join(last->porf);
    part.going_on = static_cast<std::uint16_t>(part.going_on | 1U << thread);
  };
  if (IsHang(fault)) {
    if (!Is(fault, verdict::kDeadlock)) return "";
    const std::vector<ThreadId> cycle = Cycle();
    if (cycle.empty()) return "";
    for (const ThreadId thread : cycle) need(thread, search_.Position(thread));
  } else {
    if (Is(fault, verdict::kLeak) || fault.thread == kNoThread) return "";
    need(fault.thread, search_.Position(fault.thread));
    for (int i = 1; i < fault.accesses; ++i) {
      const FoundAccess& access = fault.access[i];
      need(access.thread, access.position + (access.atomic ? 1 : 0));
    }
    part.last = fault.thread;
  }
  for (const Event& event : graph.events()) {
    if (IsStep(event) && !Graph::Contains(part.events, event)) ++left_out;
  }
  return search_.Save(part);
}

ThreadId Scheduler::WaitsFor(ThreadId thread) const {
  const Fiber& fiber = fibers_[thread];
  if (!fiber.started || fiber.finished || fiber.operation == nullptr) return kNoThread;
  const Operation& operation = *fiber.operation;
  if (operation.kind == Operation::Kind::kJoin) return operation.number;
  return HolderOf(operation.access.address);
}

std::vector<ThreadId> Scheduler::Cycle() const {
  for (ThreadId start = 0; start < threads_; ++start) {
    std::vector<ThreadId> path;
    ThreadId thread = start;
    while (thread != kNoThread && std::find(path.begin(), path.end(), thread) == path.end()) {
      path.push_back(thread);
      thread = WaitsFor(thread);
    }
    if (thread == start) return path;
  }
  return {};
}

void Scheduler::TraceOperation(Fiber& fiber, const Operation& operation) {
  const int position = search_.Position(fiber.id);
  if (position == 0) return;
  const Site site = operation.access.site;
  const Event& event = *search_.graph().Before(fiber.id, static_cast<std::size_t>(position));
  if (!options_.replay.empty() && options_.model != Model::kSc && HasOrder(operation) &&
      event.order != operation.access.order) {
    Fault other;
    other.verdict = verdict::kError;
    other.thread = fiber.id;
    other.site = site;
    snprintf(other.message, sizeof other.message,
             "the program did not repeat: operation %d of thread %d is %s now, and was %s",
             position, fiber.id, NameOf(operation.access.order), NameOf(event.order));
    tracer_.HasOtherOrder(other);
  }
  CallStack stack;
  if (site != 0) stack = tracer_.Suspended(fiber, site);
  const bool updated = operation.kind == Operation::Kind::kUpdate && operation.answer.success;
  if (operation.kind == Operation::Kind::kCreate) {
    tracer_.Created(static_cast<ThreadId>(operation.answer.value), stack);
  }
  if (updated && position > 1) tracer_.Happened(fiber.id, position - 2, stack);
  tracer_.Happened(fiber.id, position - 1, stack);
  tracer_.Locate(operation.access.address);
}

void Scheduler::TraceWaits() {
  for (int i = 0; i < fault_.accesses; ++i) tracer_.Locate(fault_.access[i].address);
  for (int i = 0; i < threads_; ++i) {
    Fiber& fiber = fibers_[i];
    if (!fiber.started || fiber.finished || fiber.operation == nullptr) continue;
    tracer_.Locate(fiber.operation->access.address);
    tracer_.Waits(i, tracer_.Suspended(fiber, fiber.operation->access.site));
  }
}

}  // namespace heddle::explorer
