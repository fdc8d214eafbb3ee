// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/explore.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/explorer/runtime/code_scan.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/first_loops.h"
#include "checkers/explorer/runtime/monotonic.h"
#include "checkers/explorer/runtime/parallel.h"
#include "checkers/explorer/runtime/piece_worker.h"
#include "checkers/explorer/runtime/record.h"
#include "checkers/explorer/runtime/record_counterexample.h"
#include "checkers/explorer/runtime/scheduler.h"
#include "checkers/explorer/runtime/silence.h"
#include "checkers/explorer/runtime/state.h"
#include "checkers/explorer/runtime/workers.h"

namespace heddle::explorer {

extern "C" {
State heddle_explorer_state;
}

namespace {

struct Callback {
  void (*function)(void*);
  void* argument;
};

void* Run(void* argument) {
  const auto* const callback = static_cast<const Callback*>(argument);
  callback->function(callback->argument);
  return nullptr;
}

constexpr char kSymmetry[] = ",symmetry";

// libc gives a stream its buffer at the first output. It must not be of one execution's memory.
void GiveBuffer(FILE* stream) {
  if (__fbufsize(stream) != 0) return;
  setvbuf(stream, static_cast<char*>(malloc(BUFSIZ)), _IOLBF, BUFSIZ);
}

// What random executions amount to that have found nothing.
void JudgeSample(const ExploreOptions& options, ExploreResult& result) {
  result.complete = false;
  if (options.max_executions == 0 && result.cut.why == kOutOfTime) {
    // As many as there was time for were wanted.
    result.cut = {};
    if (options.strategy == Strategy::kRandom) {
      ExploreOptions done = options;
      done.max_executions = result.executions + result.blocked;
      result.mode = ModeOf(done);
    }
  }
  result.verdict = result.cut.why.empty() ? verdict::kPass : verdict::kIncomplete;
}

// Of an exploration that is not parallel, or of a replay.
ExploreResult ResultOf(const Scheduler& scheduler, double seconds) {
  const Search& search = scheduler.search();
  const Fault& fault = scheduler.fault();
  const Counts& counts = search.counts();
  ExploreResult result;
  result.mode = ModeOf(scheduler.options());
  result.executions = counts.complete;
  result.blocked = counts.blocked;
  result.events = counts.events;
  result.seconds = seconds;
  result.threads = scheduler.threads();
  result.cut = scheduler.cut();
  if (fault.verdict != nullptr) {
    result.verdict = fault.verdict;
    result.message = fault.message;
    result.text = CounterexampleText(scheduler);
    result.path = scheduler.path();
    return result;
  }
  result.complete = search.Complete() && result.cut.why.empty();
  if (!scheduler.options().replay.empty()) {
    result.verdict = verdict::kPass;
    result.complete = false;
    return result;
  }
  if (scheduler.options().strategy != Strategy::kExhaustive) {
    JudgeSample(scheduler.options(), result);
    return result;
  }
  if (search.Symmetric()) result.mode += kSymmetry;
  if (!search.Failure().empty()) {
    result.verdict = verdict::kError;
    result.message = search.Failure();
    return result;
  }
  if (!result.complete && result.cut.why.empty()) {
    result.cut.why = BoundText(scheduler.options());
  }
  result.verdict = result.complete ? verdict::kPass : verdict::kIncomplete;
  result.complete = result.complete && !search.LeftOut();
  return result;
}

}  // namespace

void FatalAt(int thread, std::uintptr_t site, const char* message) {
  State& shared = state();
  if (shared.scheduler != nullptr) {
    shared.mode = Mode::kRuntime;
    SetThreadPointer(shared.own_thread_pointer, shared.has_fsgsbase);
  }
  if (Workers* const workers = Workers::current(); workers != nullptr && workers->IsWorker()) {
    workers->StopAll(Cause::kFailed, "", message, "");
    workers->End();
  }
  Silence::Break();
  fflush(stdout);
  fprintf(stderr, "heddle explorer: %s\n", message);
  RecordError(message, thread, site);
  shared.mode = Mode::kNative;
  std::_Exit(2);
}

void Fatal(const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  FatalAt(kNoThread, 0, message);
}

namespace {

// What of the program is not explored though it goes on; empty: nothing.
std::string CheckCode(Unseen what_to_do) {
  if (what_to_do == Unseen::kAllow) return "";
  const std::vector<UnseenCode> found = FindUnseenCode();
  if (found.empty()) return "";
  constexpr std::size_t kMostShown = 20;
  for (std::size_t i = 0; i < std::min(found.size(), kMostShown); ++i) {
    // The first is named below.
    if (i > 0 || what_to_do == Unseen::kWarn) {
      fprintf(stderr, "heddle explorer: %s is not instrumented, and so not explored\n",
              found[i].what.c_str());
    }
    RecordUnseen(found[i].what, found[i].behind);
  }
  const std::string more =
      found.size() == 1 ? "" : " and " + std::to_string(found.size() - 1) + " more";
  if (what_to_do == Unseen::kRefuse) {
    Fatal("%s%s: not instrumented, and so not explored (unseen=warn goes on)",
          found.front().what.c_str(), more.c_str());
  }
  return "what is not instrumented was not explored: " + found.front().what + more;
}

// What is not explored makes no pass.
void LeaveOut(const std::string& unseen, ExploreResult& result) {
  if (unseen.empty()) return;
  result.complete = false;
  if (result.verdict == verdict::kPass) result.verdict = verdict::kIncomplete;
  if (result.verdict == verdict::kIncomplete) {
    result.cut.why += (result.cut.why.empty() ? "" : "; ") + unseen;
  }
}

// Where something was found, that execution is run again: here is what the record tells of it.
ExploreResult ResultOfParallel(const ExploreOptions& options, const Callback& wrapped,
                               const std::string& unseen, RecordWriter& record) {
  Callback callback = wrapped;
  const double start = Now();
  const ParallelResult parallel = ExploreInParallel(options, Run, &callback);
  ExploreResult result;
  ExploreOptions explored = options;
  explored.shard = parallel.shard;
  explored.shards = parallel.shards;
  result.mode = ModeOf(explored);
  result.verdict = parallel.verdict.empty() ? verdict::kPass : parallel.verdict;
  result.message = parallel.message;
  result.executions = parallel.counts.complete;
  result.blocked = parallel.counts.blocked;
  result.events = parallel.counts.events;
  result.threads = parallel.threads;
  result.cut = parallel.cut;
  result.complete = parallel.complete && options.strategy == Strategy::kExhaustive;
  if (options.strategy != Strategy::kExhaustive && parallel.verdict.empty()) {
    JudgeSample(options, result);
  } else if (parallel.verdict.empty() && !result.complete) {
    result.verdict = verdict::kIncomplete;
  }
  if (parallel.symmetric) result.mode += kSymmetry;
  result.complete = result.complete && !parallel.left_out;
  result.seconds = Now() - start;
  LeaveOut(unseen, result);
  if (result.verdict == verdict::kError) {
    RecordError(result.message.c_str());
    return result;
  }
  ExploreOptions again = options;
  again.replay = parallel.path;
  Scheduler scheduler(again, Run, &callback);
  if (!parallel.path.empty()) {
    scheduler.Run();
    const Fault& fault = scheduler.fault();
    if (fault.verdict == nullptr || fault.verdict == std::string_view(verdict::kError)) {
      Fatal("%s (%s) was found, and could not be repeated", parallel.verdict.c_str(),
            parallel.message.c_str());
    }
    result.verdict = fault.verdict;
    result.message = fault.message;
    result.text = CounterexampleText(scheduler);
    result.path = scheduler.path();
  }
  record.Finish(scheduler, result);
  return result;
}

// What one execution reads, the next one does not find: there is nothing to read in any of them.
class EmptyInput {
 public:
  EmptyInput() : kept_(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) {
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (kept_ >= 0 && nothing >= 0) dup2(nothing, STDIN_FILENO);
    if (nothing >= 0) close(nothing);
  }
  ~EmptyInput() {
    if (kept_ < 0) return;
    dup2(kept_, STDIN_FILENO);
    close(kept_);
  }
  EmptyInput(const EmptyInput&) = delete;
  EmptyInput& operator=(const EmptyInput&) = delete;

 private:
  const int kept_;
};

// Explores in this process. Who has all of it then, and may have learned less of its loops than
// parallel explorations start with, explores it with that: it counts what they count.
// What the program writes is that of the first time.
std::unique_ptr<Scheduler> RunAlone(const ExploreOptions& options, Callback& callback) {
  auto scheduler = std::make_unique<Scheduler>(options, Run, &callback);
  scheduler->Run();
  if (options.strategy != Strategy::kExhaustive || !options.replay.empty() ||
      scheduler->fault().verdict != nullptr || !scheduler->search().Complete() ||
      !scheduler->cut().why.empty() || !scheduler->loops().Any()) {
    return scheduler;
  }
  const std::string loops = FirstLoops(options, Run, &callback);
  if (KnowsAll(scheduler->loops().Save(), loops)) return scheduler;
  scheduler.reset();
  const Silence silence;
  scheduler = std::make_unique<Scheduler>(options, Run, &callback);
  scheduler->loops().Restore(loops);
  scheduler->Run();
  return scheduler;
}

}  // namespace

ExploreResult Explore(const ExploreOptions& options, void (*callback)(void*), void* argument) {
  if (state().scheduler != nullptr) Fatal("Explore() within Explore()");
  Callback wrapped{.function = callback, .argument = argument};
  RecordWriter record(options);
  const std::string unseen = CheckCode(options.unseen);
  GiveBuffer(stdout);
  const EmptyInput empty;
  if (IsParallel(options)) return ResultOfParallel(options, wrapped, unseen, record);
  const double start = Now();
  const std::unique_ptr<Scheduler> scheduler = RunAlone(options, wrapped);
  ExploreResult result = ResultOf(*scheduler, Now() - start);
  LeaveOut(unseen, result);
  record.Finish(*scheduler, result);
  return result;
}

}  // namespace heddle::explorer
