// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/scheduler.h"

#include <string.h>
#include <sys/single_threaded.h>
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "checkers/explorer/graph/graph.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/library_calls.h"
#include "checkers/explorer/runtime/record.h"
#include "checkers/explorer/runtime/signals.h"
#include "checkers/explorer/runtime/threads.h"

namespace heddle::explorer {
namespace {

constexpr double kProgressInterval = 0.25;  // seconds
constexpr double kLookInterval = 0.02;
constexpr int kLongestPause = 256;  // executions

double Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

Scheduler::Scheduler(const ExploreOptions& options, void* (*function)(void*), void* argument)
    : options_(options),
      search_({.model = options.model,
               .release_sequence_cxx11 = options.release_sequence_cxx11,
               .strategy = options.strategy,
               .seed = options.seed,
               .pct_depth = options.pct_depth,
               .switch_probability = options.switch_probability,
               .recorded = options.recorded,
               .max_executions = options.max_executions,
               .preemptions = options.preemptions,
               .symmetry = options.symmetry,
               .max_events_per_thread =
                   options.max_operations == 0 ? kMaxOperations : options.max_operations}),
      loops_(options.unroll, options.idle_turns),
      weaken_(options.orders, options.sites),
      function_(function),
      argument_(argument) {
  shadow_.Reserve();
  heap_.Reserve();
}

Scheduler::~Scheduler() {
  shadow_.Release();
  heap_.Release();
  for (Fiber& fiber : fibers_) fiber.Release();
}

void Scheduler::Start() {
  State& shared = state();
  shared.own_thread_pointer = ThreadPointer();
  shared.has_fsgsbase = HasFsgsbase();
  shared.scheduler = this;
  shared.shadow = &shadow_;
  shared.heap = &heap_;
  shared.globals = &globals_;
  shared.mode = Mode::kRuntime;
  fibers_[0].Allocate(0);
  fibers_[0].storage.TakeFrom(shared.own_thread_pointer);
  WatchLibraryCalls();
  TakeSpecific();
  if (!options_.replay.empty()) {
    std::string_view path = options_.replay;
    weaken_.TakeFrom(path);
    if (!TakeReplay(path)) Fatal("replay=: that is no execution of this program");
  }
  Tracer::Prepare();
  // Otherwise reference counts of the C++ library are not atomic.
  __libc_single_threaded = 0;
  handlers_.emplace();
  globals_.Take(options_.replay.empty());
  prologue_.Start();
}

void Scheduler::Stop() {
  State& shared = state();
  SetThreadPointer(shared.own_thread_pointer, shared.has_fsgsbase);
  globals_.Release();
  handlers_.reset();
  shared.mode = Mode::kNative;
  shared.scheduler = nullptr;
}

Scheduler::Step Scheduler::RunOne() {
  if (!search_.Begin()) return Step::kEnd;
  const Counts& counts = search_.counts();
  const std::uint64_t execution = counts.complete + counts.blocked + counts.dropped + 1;
  RunExecution();
  // The search comes to the same, and then it is always the same one that is found first.
  if (search_.Estimates()) fault_ = Fault();
  if (fault_.verdict == nullptr && (SomeTurnWasSeen() || SomeStepWasSeen())) learned_ = true;
  if (learned_ && options_.replay.empty()) {
    cut_ = {};
    return Step::kLearned;
  }
  EndExecution();
  if (fault_.verdict == nullptr) return Step::kRan;
  Retell();
  NameExecution(execution);
  return Step::kFound;
}

// Of those drawn at random the seed and the number tell which one it is.
void Scheduler::NameExecution(std::uint64_t execution) {
  if (options_.strategy == Strategy::kExhaustive || !options_.replay.empty()) return;
  const std::size_t used = strlen(fault_.message);
  snprintf(fault_.message + used, sizeof fault_.message - used, " (execution %llu of seed %llu)",
           static_cast<unsigned long long>(execution),
           static_cast<unsigned long long>(options_.seed));
}

void Scheduler::Run() {
  Start();
  const double start = Now();
  double next_progress = start + kProgressInterval;
  double last = start;
  int pause = 1;  // in executions, between two looks at the clock
  int left = pause;
  Step step;
  while ((step = RunOne()) != Step::kEnd && step != Step::kFound) {
    if (step == Step::kLearned) {
      search_.Reset();
      continue;
    }
    if (--left > 0) continue;
    const double now = Now();
    pause =
        now - last < kLookInterval ? std::min(2 * pause, kLongestPause) : std::max(pause / 2, 1);
    left = pause;
    last = now;
    if (options_.seconds != 0 && now > start + options_.seconds) {
      cut_ = {.why = kOutOfTime};
      break;
    }
    if (now > next_progress) {
      RecordProgress(search_.counts(), now - start, search_.Done());
      search_.Estimate();
      next_progress = now + kProgressInterval;
    }
  }
  if (!options_.replay.empty() && fault_.verdict == nullptr && search_.counts().complete == 0) {
    fault_.verdict = verdict::kError;
    snprintf(fault_.message, sizeof fault_.message,
             "the execution to replay could not be repeated: is this the program, and its "
             "environment, that it was found in?");
  }
  Stop();
}

void Scheduler::BeginExecution() {
  stopped_ = false;
  learned_ = false;
  repeats_ = !weaken_.on() && !part_ && state().tracer == nullptr && watch_ == nullptr;
  plainly_ = repeats_ && options_.strategy == Strategy::kExhaustive;
  if (prologue_.IsOutdated(loops_)) prologue_.Forget(globals_);
  const bool skips = repeats_ && prologue_.kept() && search_.Skip(prologue_.events());
  in_prologue_ = repeats_ && !prologue_.kept() && !prologue_.given_up() &&
                 options_.strategy == Strategy::kExhaustive && options_.replay.empty();
  globals_.Restore(skips);
  state().library_allocated = false;
  heap_.Reset();
  shadow_.Reset();
  loops_.NewExecution();
  for (int i = 0; i < threads_; ++i) fibers_[i].started = false;
  if (skips) {
    prologue_.PutBack(Here());
  } else {
    // What is left of earlier executions would make states of loops differ from run to run.
    fibers_[0].Start(function_, argument_, loops_.Any());
    StartSpecific(fibers_[0]);
  }
  if (threads_ == 0) threads_ = 1;
  steps_ =
      options_.strategy == Strategy::kExhaustive && options_.preemptions < 0 && !options_.symmetry;
}

void Scheduler::EndExecution() {
  const Ending ending = search_.End();
  if (fault_.verdict == nullptr && DescribeEndless()) return;
  if (options_.in_step && (ending == Ending::kComplete || ending == Ending::kBlocked)) {
    Rounds rounds;
    if (FindRounds(0, rounds)) return DescribeRounds(rounds);
  }
  switch (ending) {
    case Ending::kComplete:
      if (options_.leaks && !SomeThreadEndsProgram()) {
        const Fiber& first = fibers_[0];
        const auto kept = static_cast<std::size_t>(first.keeps_specific ? first.key_limit : 0);
        const Block* const leak = heap_.FindLeak({first.specific.items, kept});
        if (leak != nullptr) {
          Fault fault;
          fault.verdict = verdict::kLeak;
          fault.thread = leak->thread;
          fault.site = leak->site;
          fault.block = leak->address;
          snprintf(fault.message, sizeof fault.message, "%zu bytes are never freed", leak->size);
          fault_ = fault;
        }
      }
      return;
    case Ending::kHang:
      if (!SomeWaitExpires()) DescribeHang();
      return;
    case Ending::kFailed:
      if (fault_.verdict == nullptr) {
        fault_.verdict = verdict::kError;
        snprintf(fault_.message, sizeof fault_.message, "%s", search_.Failure().c_str());
      }
      return;
    case Ending::kBlocked:
      if (search_.TooLong()) DescribeLength();
      if (part_ && !Cycle().empty()) DescribeHang();
      return;
    case Ending::kDropped:
      return;
  }
}

void Scheduler::ContinuePrologue(const Operation& operation) {
  const bool alone = std::none_of(fibers_.begin() + 1, fibers_.begin() + threads_,
                                  [](const Fiber& fiber) { return fiber.started; });
  if (Prologue::Contains(operation, alone)) return;
  in_prologue_ = false;
  const Graph& graph = search_.graph();
  const std::vector<EventId>& own = graph.thread(0);
  std::vector<Event> events;
  for (std::size_t i = 0; i < static_cast<std::size_t>(search_.Position(0)); ++i) {
    events.push_back(graph[own[i]]);
  }
  if (!events.empty()) prologue_.Keep(Here(), std::move(events));
}

bool Scheduler::SomeTurnWasSeen() {
  bool seen = false;
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    if (!fiber.started || fiber.turn_at == 0) continue;
    if (search_.EffectOf(fiber.id, fiber.turn_from) == Effect::kNone) continue;
    loops_.MarkSeen(fiber.turn_at);
    seen = true;
  }
  return seen;
}

ThreadId Scheduler::HolderOf(std::uintptr_t address) const {
  for (int i = 0; i < threads_; ++i) {
    const Fiber& fiber = fibers_[i];
    for (int k = 0; fiber.started && k < fiber.held_count; ++k) {
      if (reinterpret_cast<std::uintptr_t>(fiber.held[k].address) == address) return i;
    }
  }
  return kNoThread;
}

void Scheduler::Fail(const Fault& fault) {
  fault_ = fault;
  if (state().tracer != nullptr) {
    // A thread's end is nowhere.
    tracer_.Failed(fault.site == 0 ? CallStack()
                                   : tracer_.Suspended(fibers_[fault.thread], fault.site));
  }
  search_.GiveUp();
}

}  // namespace heddle::explorer
