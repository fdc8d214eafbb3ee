// SPDX-License-Identifier: Apache-2.0
//
// Runs registered scenarios under the explorer: every execution of the shipped code that RC11
// allows.
#include "checkers/scenario/engine.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/engine/explorer_platform.h"
#include "checkers/explorer/engine/run_state.h"
#include "checkers/explorer/engine/schedule.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/record.h"
#include "checkers/explorer/report/text.h"
#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/state.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/description.h"
#include "checkers/scenario/outcomes.h"
#include "checkers/scenario/verdict.h"

ABSL_FLAG(std::uint64_t, max_executions, 20'000'000,
          "a search that is longer is cut, and its verdict is 'incomplete'");
ABSL_FLAG(std::string, mode, "rc11", "the memory model: rc11 or sc");
ABSL_FLAG(int, jobs, 1, "worker processes");
ABSL_FLAG(double, time, 0, "a search that takes more seconds is cut; 0: none is");
ABSL_FLAG(std::string, orders, "",
          "weaker memory orders to try: SITE=ORDER,.. (checkers/explorer/runtime/record.md)");
ABSL_FLAG(
    std::string, schedule, "",
    "follow what threads did in another run (schedule.h), with --schedules departures from it");
ABSL_FLAG(std::uint64_t, schedules, 1000, "executions that follow --schedule");
ABSL_FLAG(bool, files_in_turns, false,
          "simulated files: every order of all their operations is an execution of its own");
ABSL_FLAG(bool, observe_files, false,
          "count what executions leave behind in the simulated files, as outcomes");
ABSL_FLAG(bool, explain, true, "say in words what failed, which can take longer than to find it");
ABSL_FLAG(std::string, record, "",
          "leave the record of the exploration in this file, with the atomic operations met");

namespace heddle {
namespace explorer_engine {
namespace {

// A look at a deadline may find time left so often; then it is over, or a polling loop would never
// end.
constexpr int kLooks = 2;
// Of one thread: a mutant that does more goes on for ever, where the shipped code does far less.
constexpr int kMutantOperations = 500;
constexpr std::size_t kDeadlines = 8;

// Of one thread. What another one has seen is no part of it: that would depend on their order.
struct SeenDeadlines {
  struct Entry {
    Deadline deadline;
    int looks = 0;
    bool expired = false;
  };
  std::array<Entry, kDeadlines> entries;
  std::size_t count = 0;

  Entry& Of(Deadline deadline) {
    for (std::size_t i = 0; i < count; ++i) {
      if (entries[i].deadline == deadline) return entries[i];
    }
    if (count == kDeadlines) {
      explorer::Call("deadline", HEDDLE_CALLER).Unsupported("a thread with more than 8 deadlines");
    }
    entries[count] = {.deadline = deadline};
    return entries[count++];
  }
};
thread_local SeenDeadlines deadlines;
thread_local bool woken_spuriously = false;

// The flag of the mutated line that ran; on a page of its own, which executions leave alone.
std::atomic<bool>** reached_site;

// FLAGS_observe_files.
bool observes_files = false;

// One execution. In the program's memory: put back for each.
struct Execution {
  const Scenario* scenario = nullptr;
  std::unique_ptr<ScenarioBody> body;
};
Execution execution;
// No choice is made that real threads do not record.
bool follows_schedule = false;

template <class Action>
void Guarded(Action action) {
  std::string message = "uncaught exception";
  try {
    action();
    return;
  } catch (const std::exception& error) {
    absl::StrAppend(&message, ": ", error.what());
  } catch (...) {
    static_cast<void>(0);  // the message says all that is known
  }
  Fail(Verdict::kCrash, message, execution.scenario->where);
}

void* RunThread(void* index) {
  current_thread = static_cast<int>(reinterpret_cast<std::intptr_t>(index));
  Guarded([] { execution.body->Thread(current_thread); });
  EndFileOperation();
  return nullptr;
}

void RunExecution(void* /*argument*/) {
  Guarded([] { execution.body = execution.scenario->make(); });
  EndFileOperation();
  std::array<pthread_t, kMostThreads> threads{};
  for (int i = 0; i < execution.scenario->threads; ++i) {
    pthread_create(&threads[static_cast<std::size_t>(i)], nullptr, RunThread,
                   reinterpret_cast<void*>(static_cast<std::intptr_t>(i)));
  }
  for (int i = 0; i < execution.scenario->threads; ++i) {
    pthread_join(threads[static_cast<std::size_t>(i)], nullptr);
  }
  Guarded([] { execution.body->After(); });
  EndFileOperation();
  if (observes_files) {
    std::array<char, 2 * sizeof(std::uint64_t) + 1> text{};
    std::snprintf(text.data(), text.size(), "%016llx",
                  static_cast<unsigned long long>(FilesDigest()));
    Observe(text.data());
  }
  execution.body.reset();
}

// A file that is gone with this object, or with the process.
class TemporaryFile {
 public:
  TemporaryFile() : file_(memfd_create("record", MFD_CLOEXEC)) {
    if (file_ >= 0) path_ = absl::StrCat("/proc/self/fd/", file_);
  }
  ~TemporaryFile() {
    if (file_ >= 0) close(file_);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  int file_;
  std::string path_;
};

// The counterexample in words, and what replays it.
void ReadRecord(const std::string& path, Outcome& outcome) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  const absl::StatusOr<explorer::report::Record> record =
      text.ok() ? explorer::report::ParseRecord(*text)
                : absl::StatusOr<explorer::report::Record>(text.status());
  if (!record.ok()) {
    absl::StrAppend(&outcome.detail, "the record cannot be read: ", record.status().message(),
                    "\n");
    return;
  }
  outcome.state = record->replay;
  std::error_code error;
  const explorer::report::Execution found =
      explorer::report::Describe(*record, std::filesystem::current_path(error).string());
  outcome.detail = explorer::report::FormatText(found, {.width = 120, .replay_command = ""});
}

// What is wrong with the file; empty: nothing.
std::string SetSchedule(const std::string& path, int threads, explorer::ExploreOptions& settings) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return std::string(text.status().message());
  absl::StatusOr<std::vector<explorer::Recorded>> schedule = ParseSchedule(*text, threads);
  if (!schedule.ok()) return absl::StrCat(path, ": ", schedule.status().message());
  follows_schedule = true;
  settings.strategy = explorer::Strategy::kGuided;
  settings.recorded = *std::move(schedule);
  settings.max_executions = absl::GetFlag(FLAGS_schedules);
  return "";
}

}  // namespace

int Choose(int count) {
  if (!explorer::Exploring() || count < 2) return 0;
  return explorer::Call("choose", HEDDLE_CALLER).Choose(count);
}

int ThreadIndex() { return current_thread < 0 ? 0 : current_thread; }

void Past(std::uint32_t* events, int threads) {
  // What a thread has seen differs from one turn of a loop to the next.
  if (explorer::state().trial) explorer::EndTrial();
  // Thread 0 runs set-up, and makes the others in their order.
  for (int i = 0; i < threads; ++i) {
    events[i] = explorer::state().clock->count[static_cast<std::size_t>(i) + 1];
  }
}

bool Expired(Deadline deadline) {
  if (deadline == kNever) return false;
  if (deadline <= ExplorerPlatform::Clock::now()) return true;
  SeenDeadlines::Entry& entry = deadlines.Of(deadline);
  if (!entry.expired) {
    explorer::CountEffect();  // a loop around it comes back, but not to the same
    entry.expired =
        entry.looks++ >= kLooks || explorer::Call("expired", HEDDLE_CALLER).Choose(2) == 1;
  }
  return entry.expired;
}

void SetExpired(Deadline deadline) { deadlines.Of(deadline).expired = true; }

bool WakesSpuriously() {
  if (!execution.scenario->relacy.spurious_wakeups || woken_spuriously || follows_schedule) {
    return false;
  }
  woken_spuriously = Choose(2) == 1;
  return woken_spuriously;
}

void NoteSite(std::atomic<bool>& reached) {
  if (reached_site != nullptr) *reached_site = &reached;
}

}  // namespace explorer_engine

// Not inlined: the caller is the scenario's line.
[[gnu::noinline]] void Fail(Verdict verdict, std::string_view message,
                            std::source_location /*where*/) {
  explorer::Call("HEDDLE_ASSERT", HEDDLE_CALLER)
      // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): names are literals
      .Found(ToString(verdict).data(), "%.*s", static_cast<int>(message.size()), message.data());
}

EngineInfo ThisEngine() { return {.name = "explore", .samples = false, .seconds_limit = 600}; }

std::string CheckEngineFlags() {
  constexpr int kMostJobs = 1024;
  if (const int jobs = absl::GetFlag(FLAGS_jobs); jobs < 1 || jobs > kMostJobs) {
    return absl::StrCat("bad value '", jobs, "' for option --jobs: want 1 to ", kMostJobs);
  }
  if (!absl::GetFlag(FLAGS_schedule).empty() && absl::GetFlag(FLAGS_jobs) != 1) {
    return "option --schedule is for one job";
  }
  const std::string mode = absl::GetFlag(FLAGS_mode);
  if (mode == "rc11" || mode == "sc") return "";
  return absl::StrCat("bad value '", mode, "' for option --mode: want rc11 or sc");
}

Outcome RunScenario(const Scenario& scenario, const RunOptions& options) {
  using namespace explorer_engine;  // NOLINT(google-build-using-namespace)
  Outcome outcome;
  if (scenario.threads < 1 || scenario.threads > kMostThreads) {
    outcome.reason =
        absl::StrCat("the explorer runs 1 to ", kMostThreads, " threads, not ", scenario.threads);
    return outcome;
  }
  const TemporaryFile record;
  if (record.path().empty()) {
    outcome.reason = "no temporary file";
    return outcome;
  }
  void* page = mmap(nullptr, sizeof *reached_site, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);  // with workers
  if (page == MAP_FAILED) {
    outcome.reason = "out of memory";
    return outcome;
  }
  reached_site = new (page) std::atomic<bool>*(nullptr);
  execution.scenario = &scenario;
  files_in_turns = absl::GetFlag(FLAGS_files_in_turns);
  observes_files = absl::GetFlag(FLAGS_observe_files);

  explorer::ExploreOptions settings;
  settings.model =
      absl::GetFlag(FLAGS_mode) == "sc" ? explorer::Model::kSc : explorer::Model::kRc11;
  settings.max_executions = absl::GetFlag(FLAGS_max_executions);
  settings.seconds = absl::GetFlag(FLAGS_time);
  settings.jobs = absl::GetFlag(FLAGS_jobs);
  settings.orders = absl::GetFlag(FLAGS_orders);
  settings.record = absl::GetFlag(FLAGS_record);
  settings.sites = !settings.record.empty();
  if (settings.record.empty()) settings.record = record.path();
  settings.in_step = true;
  // The scenario's own word for what is a livelock.
  if (scenario.relacy.max_steps != RelacyOptions().max_steps) {
    settings.max_operations = scenario.relacy.max_steps;
    settings.idle_turns = true;
  } else if (!scenario.mutant.empty()) {
    settings.max_operations = kMutantOperations;
  }
  settings.replay = options.replay;
  if (const std::string path = absl::GetFlag(FLAGS_schedule); !path.empty()) {
    outcome.reason = SetSchedule(path, scenario.threads, settings);
    if (!outcome.reason.empty()) return outcome;
  }
  const explorer::ExploreResult result = explorer::Explore(settings, RunExecution, nullptr);

  if (*reached_site != nullptr) (*reached_site)->store(true, std::memory_order_relaxed);
  outcome.verdict = VerdictFromString(result.verdict).value_or(Verdict::kError);
  outcome.mode = absl::GetFlag(FLAGS_mode) == "sc" ? absl::StrCat(result.mode, ",sc") : result.mode;
  outcome.executions = result.executions;
  outcome.blocked = result.blocked;
  outcome.complete = result.complete;
  outcome.seconds = result.seconds;
  outcome.reason = result.cut.why;
  if ((IsFinding(outcome.verdict) && absl::GetFlag(FLAGS_explain)) ||
      outcome.verdict == Verdict::kError) {
    ReadRecord(settings.record, outcome);
  }
  return outcome;
}

}  // namespace heddle
