// SPDX-License-Identifier: Apache-2.0
//
// Runs registered scenarios under Relacy's schedulers.
#include "checkers/scenario/engine.h"

#include <cxxabi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <typeinfo>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/relacy/relacy_headers.h"
#include "checkers/relacy/relacy_platform.h"
#include "checkers/relacy/run_state.h"

ABSL_FLAG(std::string, mode, "default",
          "search: default, full, bounded(K) preemptions, random(N) executions");
ABSL_FLAG(std::uint64_t, max_executions, 20'000'000,
          "an exhaustive search that is longer is cut, and its verdict is 'incomplete'");

namespace heddle {
namespace relacy {

namespace {

// What the running search is about. Relacy default-constructs its test once per execution.
struct RunningSearch {
  const Scenario* scenario = nullptr;
  std::uint64_t executions = 0;
  std::uint64_t limit = 0;
  bool cut = false;
};
RunningSearch search;

// Relacy counts allocations made through the global operator new; the checked heap is ours
// (Platform::create), so that standard containers in a scenario do not multiply its executions.
struct ContextAccess : rl::context {
  static int rl::context::* Depth() { return &ContextAccess::disable_alloc_; }
};

void DisableAllocationTracking() {
  int& depth = rl::ctx().*ContextAccess::Depth();
  if (depth == 0) depth = 1;
}

std::string Demangled(const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string result = name != nullptr ? name : type.name();
  std::free(name);
  return result;
}

template <int kThreads>
struct Suite : rl::test_suite<Suite<kThreads>, kThreads> {
  std::unique_ptr<ScenarioBody> body;
  int running = kThreads;

  Suite() {
    DisableAllocationTracking();
    State().BeginExecution();
    SimFiles<RelacyFileHooks>::reset();
    if (++search.executions > search.limit) {
      search.cut = true;
      rl::ctx().rl_until("the limit of executions", rl::debug_info());
    }
    Guarded([this] { body = search.scenario->make(); });
    State().threads_running = true;
  }

  void thread(unsigned index) {
    Guarded([&] { body->Thread(static_cast<int>(index)); });
    if (State().tracing) {
      State().trace.Add(static_cast<int>(index), Location(), "(thread ends)");
    }
  }

  void after() {
    State().threads_running = false;
    Guarded([this] { body->After(); });
    body.reset();
    for (const Heap::Block& block : State().heap.blocks()) {
      if (block.live) {
        FailExecution(
            Verdict::kLeak,
            absl::StrCat("an object of type ", Demangled(*block.type), " is never destroyed"),
            search.scenario->where);
      }
    }
  }

  template <class Call>
  static void Guarded(Call call) {
    try {
      call();
    } catch (const std::exception& error) {
      FailExecution(Verdict::kCrash, absl::StrCat("uncaught exception: ", error.what()),
                    search.scenario->where);
    } catch (...) {
      FailExecution(Verdict::kCrash, "uncaught exception", search.scenario->where);
    }
  }
};

class NullBuffer : public std::streambuf {
  int overflow(int character) override { return character; }
};

struct Mode {
  rl::scheduler_type_e scheduler = rl::sched_full;
  unsigned bound = 0;
  std::uint64_t random = 0;

  std::string name() const {
    switch (scheduler) {
      case rl::sched_bound:
        return absl::StrCat("bounded(", bound, ")");
      case rl::sched_random:
        return absl::StrCat("random(", random, ")");
      default:
        return "full";
    }
  }
};

bool ParseMode(absl::string_view text, Mode& mode) {
  if (text == "full") {
    mode.scheduler = rl::sched_full;
    return true;
  }
  const bool bounded = absl::ConsumePrefix(&text, "bounded(");
  if (!bounded && !absl::ConsumePrefix(&text, "random(")) return false;
  std::uint64_t number = 0;
  if (!absl::ConsumeSuffix(&text, ")") || !absl::SimpleAtoi(text, &number) || number == 0 ||
      (bounded && number > 1000)) {
    return false;
  }
  mode.scheduler = bounded ? rl::sched_bound : rl::sched_random;
  mode.bound = static_cast<unsigned>(number);
  mode.random = number;
  return true;
}

// When no thread is ready, Relacy may pick one that waits with a deadline and is held back by a
// yield: it is not woken, and a thread that has ended goes on. Here nobody is held back then.
template <class Scheduler>
class NobodyHeldBack : public Scheduler {
 public:
  using Scheduler::Scheduler;

  rl::thread_id_t schedule(rl::unpark_reason& reason, unsigned yield) {
    if (this->running_threads_count == 0) this->purge_blocked_threads();
    return Scheduler::schedule(reason, yield);
  }
};

template <int kThreads>
rl::test_result_e Run(Mode mode, rl::test_params& params, std::ostream& state, bool replay) {
  switch (mode.scheduler) {
    case rl::sched_bound:
      return rl::run_test<Suite<kThreads>, NobodyHeldBack<rl::context_bound_scheduler<kThreads>>>(
          params, state, replay);
    case rl::sched_random:
      return rl::run_test<Suite<kThreads>, rl::random_scheduler<kThreads>>(params, state, replay);
    default:
      return rl::run_test<Suite<kThreads>, NobodyHeldBack<rl::full_search_scheduler<kThreads>>>(
          params, state, replay);
  }
}

rl::test_result_e RunThreads(int threads, Mode mode, rl::test_params& params, std::ostream& state,
                             bool replay) {
  switch (threads) {
    case 1:
      return Run<1>(mode, params, state, replay);
    case 2:
      return Run<2>(mode, params, state, replay);
    case 3:
      return Run<3>(mode, params, state, replay);
    default:
      return Run<4>(mode, params, state, replay);
  }
}

Verdict ToVerdict(rl::test_result_e result) {
  switch (result) {
    case rl::test_result_success:
      return Verdict::kPass;
    case rl::test_result_until_condition_hit:
      return Verdict::kIncomplete;
    case rl::test_result_user_assert_failed:
    case rl::test_result_user_invariant_failed:
      return State().failure == Verdict::kPass ? Verdict::kAssertion : State().failure;
    case rl::test_result_data_race:
      return Verdict::kRace;
    case rl::test_result_access_to_freed_memory:
      return Verdict::kUseAfterFree;
    case rl::test_result_double_free:
      return Verdict::kDoubleFree;
    case rl::test_result_memory_leak:
    case rl::test_result_resource_leak:
      return Verdict::kLeak;
    case rl::test_result_unitialized_access:
      return Verdict::kUninitialized;
    case rl::test_result_deadlock:
    case rl::test_result_recursion_on_nonrecursive_mutex:
      return Verdict::kDeadlock;
    case rl::test_result_livelock:
      return Verdict::kLivelock;
    case rl::test_result_unlocking_mutex_wo_ownership:
      return Verdict::kBadUnlock;
    case rl::test_result_destroying_owned_mutex:
      return Verdict::kDestroyedInUse;
    default:
      return Verdict::kError;
  }
}

// The headline below the steps: what went wrong, in words.
std::string Explain(Verdict verdict) {
  RunState& state = State();
  std::string text =
      absl::StrCat(absl::string_view(ToString(verdict).data(), ToString(verdict).size()));
  if (!state.message.empty()) absl::StrAppend(&text, ": ", state.message);
  if (verdict == Verdict::kDeadlock) {
    for (const Parked& parked : state.parked) {
      absl::StrAppend(&text, "\n  thread ", parked.thread, " sleeps on ",
                      state.trace.Label(parked.cell), " == ", parked.expected, " (",
                      parked.where.file_name(), ":", parked.where.line(), ")");
      if (parked.cell->Newest() != parked.expected) {
        absl::StrAppend(&text, ", which is ", parked.cell->Newest(), " by now: a lost wake-up");
      }
    }
  }
  return text;
}

rl::test_params Params(const Scenario& scenario, Mode mode) {
  // Relacy reports on these; the engine does it its own way.
  static NullBuffer nowhere;
  static std::ostream silent(&nowhere);
  rl::test_params params;
  params.output_stream = &silent;
  params.progress_stream = &silent;
  params.search_type = mode.scheduler;
  params.context_bound = mode.bound;
  params.iteration_count = mode.random;
  params.execution_depth_limit = static_cast<unsigned>(scenario.relacy.max_steps);
  return params;
}

struct Result {
  rl::test_result_e result = rl::test_result_success;
  std::uint64_t executions = 0;
  bool cut = false;
  std::string path;  // what repeats the failing execution
};

Result SearchAll(const Scenario& scenario, Mode mode) {
  search = {.scenario = &scenario,
            .executions = 0,
            .limit = absl::GetFlag(FLAGS_max_executions),
            .cut = false};
  rl::test_params params = Params(scenario, mode);
  std::ostringstream found;
  Result result;
  result.result = RunThreads(scenario.threads, mode, params, found, false);
  result.cut = search.cut;
  result.executions = search.executions - (search.cut ? 1 : 0);
  result.path = found.str();
  return result;
}

// Runs exactly the execution that `path` leads to, with a trace.
rl::test_result_e Repeat(const Scenario& scenario, Mode mode, absl::string_view path) {
  search = {.scenario = &scenario, .executions = 0, .limit = 1, .cut = false};
  rl::test_params params = Params(scenario, mode);
  params.initial_state = rl::string(path.data(), path.size());
  std::ostringstream ignored;
  State().tracing = true;
  const rl::test_result_e result = RunThreads(scenario.threads, mode, params, ignored, true);
  State().tracing = false;
  // An execution without a failure ends at the start of the next one.
  return search.cut ? rl::test_result_success : result;
}

std::string Describe(const Scenario& scenario, Verdict verdict) {
  return absl::StrCat(State().trace.Render(scenario.threads), "\n", Explain(verdict), "\n");
}

// "full 12 3 2 0 ..." is a mode, then Relacy's path.
Outcome Replay(const Scenario& scenario, absl::string_view state) {
  Outcome outcome;
  const std::size_t space = state.find(' ');
  Mode mode;
  if (space == absl::string_view::npos || !ParseMode(state.substr(0, space), mode)) {
    outcome.reason = "the counterexample holds no path for this engine";
    return outcome;
  }
  outcome.mode = mode.name();
  outcome.executions = 1;
  outcome.verdict = ToVerdict(Repeat(scenario, mode, state.substr(space + 1)));
  outcome.detail = Describe(scenario, outcome.verdict);
  outcome.state = std::string(state);
  return outcome;
}

Outcome Search(const Scenario& scenario) {
  // After a full search that is too long: how far a bounded one goes.
  constexpr unsigned kFallbackPreemptions = 2;
  Outcome outcome;
  Mode mode;
  const std::string wanted = absl::GetFlag(FLAGS_mode);
  if (wanted != "default") {
    ParseMode(wanted, mode);
  } else if (scenario.relacy.preemptions > 0) {
    mode.scheduler = rl::sched_bound;
    mode.bound = static_cast<unsigned>(scenario.relacy.preemptions);
    outcome.reason = scenario.relacy.reason;
  }

  Result result = SearchAll(scenario, mode);
  outcome.executions = result.executions;
  bool all = mode.scheduler == rl::sched_full;
  if (result.cut && all && wanted == "default") {
    all = false;
    mode.scheduler = rl::sched_bound;
    mode.bound = kFallbackPreemptions;
    outcome.reason =
        absl::StrCat("the full search was cut after ", result.executions, " executions");
    result = SearchAll(scenario, mode);
    outcome.executions += result.executions;
    // Nothing found is not a pass: the scenario's claim was a full search.
    if (result.result == rl::test_result_success) result.cut = true;
  } else if (result.cut) {
    outcome.reason = absl::StrCat("cut after ", result.executions, " executions");
  }
  outcome.mode = mode.name();
  outcome.verdict = result.cut ? Verdict::kIncomplete : ToVerdict(result.result);
  outcome.complete = all && outcome.verdict == Verdict::kPass;
  if (result.cut || result.result == rl::test_result_success) return outcome;

  outcome.state = absl::StrCat(mode.name(), " ", result.path);
  if (Repeat(scenario, mode, result.path) != result.result) {
    outcome.verdict = Verdict::kError;
    outcome.reason = "the scenario is not deterministic: its failing execution did not repeat";
  }
  outcome.detail = Describe(scenario, outcome.verdict);
  return outcome;
}

}  // namespace
}  // namespace relacy

void Fail(Verdict verdict, std::string_view message, std::source_location where) {
  relacy::FailExecution(verdict, message, where);
}

EngineInfo ThisEngine() { return {.name = "relacy", .samples = false, .seconds_limit = 600}; }

std::string CheckEngineFlags() {
  const std::string text = absl::GetFlag(FLAGS_mode);
  relacy::Mode mode;
  if (text == "default" || relacy::ParseMode(text, mode)) return "";
  return absl::StrCat("bad value '", text,
                      "' for option --mode: want default, full, bounded(K) or random(N)");
}

Outcome RunScenario(const Scenario& scenario, const RunOptions& options) {
  Outcome outcome;
  if (scenario.threads < 1 || scenario.threads > RelacyPlatform::kMaxThreads) {
    outcome.reason = absl::StrCat("the relacy engine runs 1 to 4 threads, not ", scenario.threads);
    return outcome;
  }
  relacy::State().spurious_wakeups = scenario.relacy.spurious_wakeups;
  const auto start = std::chrono::steady_clock::now();
  outcome =
      options.replay.empty() ? relacy::Search(scenario) : relacy::Replay(scenario, options.replay);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace heddle
