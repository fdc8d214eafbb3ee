// SPDX-License-Identifier: Apache-2.0
//
// Runs registered scenarios on real threads; built with -fsanitize=thread, under ThreadSanitizer.
#include "stress/engine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"
#include "checkers/scenario/verdict.h"
#include "primitives/std_platform.h"
#include "stress/affinity.h"
#include "stress/failure.h"
#include "stress/harness.h"
#include "stress/mode.h"
#include "stress/pressure.h"
#include "stress/schedule.h"
#include "stress/stacks.h"
#include "stress/stress_platform.h"
#include "stress/topology.h"
#include "stress/tsan_report.h"
#include "stress/watchdog.h"

ABSL_FLAG(double, time, 0.2, "seconds to stress each scenario for");
ABSL_FLAG(std::string, noise, "portfolio",
          "delays: off, pauses, bursts, slow_thread, priorities; portfolio, all: in turns");
ABSL_FLAG(std::string, affinity, "portfolio",
          "threads on: same_cpu, smt (one core), cores, sockets (different ones), none (anywhere), "
          "sweep (they change in mid-work); portfolio, all");
ABSL_FLAG(std::string, waiting, "portfolio",
          "how threads wait for each other to start: spin, yield, sleep; portfolio, all");
ABSL_FLAG(std::string, pressure, "portfolio",
          "none, preempt (signals), nice (unequal priorities), cpu, memory (busy neighbours); "
          "portfolio, all");
ABSL_FLAG(
    int, oversubscribe, 0,
    "copies of each scenario's threads to run beside the first, so that they outnumber processors");
ABSL_FLAG(int, threads, 0,
          "run as many copies of each scenario's threads as make at least this many; 0: one copy");
ABSL_FLAG(bool, apart, false, "run each mode in a process of its own, with its share of the time");

namespace heddle {
namespace stress {
namespace {

using Clock = std::chrono::steady_clock;

// Broken code may have left the allocator's lock taken, or its memory unusable. Where the
// supervising thread allocates meanwhile, this process must not hang, but end as a crash.
constexpr unsigned kAllocatorSeconds = 60;

// What `ask` says of the choice that the flags are.
template <class Ask>
auto OfFlags(Ask ask) {
  const std::string noise = absl::GetFlag(FLAGS_noise);
  const std::string affinity = absl::GetFlag(FLAGS_affinity);
  const std::string waiting = absl::GetFlag(FLAGS_waiting);
  const std::string pressure = absl::GetFlag(FLAGS_pressure);
  return ask({.noise = noise, .affinity = affinity, .waiting = waiting, .pressure = pressure},
             Topology::Machine());
}

std::vector<Mode> ModesFromFlags() { return OfFlags(ChooseModes); }

std::string LastLines(absl::string_view text) {
  constexpr std::size_t kShown = 40;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  const std::size_t first = lines.size() > kShown ? lines.size() - kShown : 0;
  std::string last = first == 0 ? "" : "    ...\n";
  for (std::size_t i = first; i < lines.size(); ++i) {
    absl::StrAppend(&last, "    ", lines[i], "\n");
  }
  return last;
}

// One run of one scenario.
class Run {
 public:
  Run(const Scenario& scenario, const Settings& settings) : settings_(settings) {
    for (int i = 0; i <= settings.oversubscribe; ++i) {
      groups_.push_back(std::make_unique<Group>(scenario, settings_, i));
    }
  }

  Outcome Execute() {
    const Clock::time_point start = Clock::now();
    for (const auto& group : groups_) group->Start(start);
    Watchdog watchdog(groups_);
    Outcome outcome;
    outcome.verdict = Verdict::kPass;
    for (;;) {
      WaitForEvent(std::chrono::milliseconds(20));
      CollectTsanReport();
      if (const Failure* failure = FirstFailure()) {
        Explain(*failure, outcome);
        break;
      }
      if (std::all_of(groups_.begin(), groups_.end(), [](const auto& g) { return g->done(); })) {
        for (const auto& group : groups_) group->Join();
        CollectTsanReport();
        if (const Failure* failure = FirstFailure()) Explain(*failure, outcome);
        break;
      }
      alarm(kAllocatorSeconds);
      const Hang hang = watchdog.Look();
      if (hang.verdict != Verdict::kPass) {
        Explain(hang, outcome);
        break;
      }
      alarm(0);
    }
    for (const auto& group : groups_) outcome.executions += group->executions();
    outcome.mode = ModeName();
    outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return outcome;
  }

 private:
  void Explain(const Failure& failure, Outcome& outcome) {
    alarm(kAllocatorSeconds);
    const Group& group = *groups_[static_cast<std::size_t>(failure.group)];
    outcome.verdict = CollectTsanReport().value_or(failure.verdict);
    outcome.detail = absl::StrCat(Name(outcome.verdict), ": ", failure.message.data());
    if (failure.where.line() != 0) {
      absl::StrAppend(&outcome.detail, "\n  at ", failure.where.file_name(), ":",
                      failure.where.line());
    }
    const std::string report = FirstTsanReport();
    if (report.empty()) {
      absl::StrAppend(&outcome.detail, failure.thread < 0
                                           ? ", in set-up or After()"
                                           : absl::StrCat(", in thread ", failure.thread));
    }
    absl::StrAppend(&outcome.detail, "\n", HowFound(group));
    if (failure.verdict == Verdict::kCrash) {
      for (const auto& worker : group.workers())
        absl::StrAppend(&outcome.detail, Symbolized(worker->stack));
    }
    outcome.schedule = ScheduleOf(group, failure.instance);
    if (!report.empty()) {
      outcome.detail += report;
    } else if (outcome.schedule.empty()) {
      outcome.detail += RecentOperations(group);
    } else {
      absl::StrAppend(&outcome.detail,
                      "what the threads did in that instance, in the order of time (thread, "
                      "operation, result, place)\n",
                      LastLines(outcome.schedule));
    }
  }

  void Explain(const Hang& hang, Outcome& outcome) {
    const Group& group = *groups_[static_cast<std::size_t>(hang.group)];
    outcome.verdict = hang.verdict;
    outcome.detail = absl::StrCat(Name(hang.verdict), ": no thread got any further for ",
                                  std::round(hang.seconds * 10) / 10, " seconds\n", HowFound(group),
                                  hang.detail, RecentOperations(group));
    // Who has finished has not begun another instance.
    outcome.schedule = ScheduleOf(group, group.workers()[0]->context.number());
  }

  std::string HowFound(const Group& group) const {
    return absl::StrCat("  after ", group.executions(),
                        group.executions() == 1 ? " instance, " : " instances, ",
                        ToString(group.mode()), ", seed ", settings_.seed, "\n");
  }

  std::string ModeName() const {
    std::string name = settings_.modes.size() == 1 ? ToString(settings_.modes[0])
                                                   : absl::StrCat(settings_.modes.size(), " modes");
    if (settings_.oversubscribe > 0) absl::StrAppend(&name, ",x", settings_.oversubscribe + 1);
    return name;
  }

  static absl::string_view Name(Verdict verdict) {
    const std::string_view name = heddle::ToString(verdict);
    return {name.data(), name.size()};
  }

  const Settings settings_;
  std::vector<std::unique_ptr<Group>> groups_;
};

}  // namespace

Outcome RunUnder(const Scenario& scenario, const Settings& settings) {
  Outcome outcome;
  if (*scenario.stress.skip != '\0') {
    outcome.verdict = Verdict::kPass;
    outcome.mode = "skipped";
    outcome.reason = absl::StrCat("not run on real threads: ", scenario.stress.skip);
    return outcome;
  }
  if (scenario.threads < 1 || scenario.threads > StressPlatform::kMaxThreads) {
    outcome.reason = absl::StrCat("the real-thread engines run 1 to ", StressPlatform::kMaxThreads,
                                  " threads, not ", scenario.threads);
    return outcome;
  }
  AllowedCpus();  // before any thread is bound
  InstallSignalHandlers();
  InstallPreemption();
  CatchTsanReports();
  auto run = std::make_unique<Run>(scenario, settings);
  outcome = run->Execute();
  // After a failure threads may still run, or hang, in there.
  if (outcome.verdict != Verdict::kPass) {
    [[maybe_unused]] Run* left = run.release();
  }
  return outcome;
}

}  // namespace stress

EngineInfo ThisEngine() {
#if defined(HEDDLE_TSAN)
  constexpr const char* kName = "tsan";
#else
  constexpr const char* kName = "stress";
#endif
  EngineInfo info{
      .name = kName, .samples = true, .seconds_limit = 120 + 2 * absl::GetFlag(FLAGS_time)};
  if (absl::GetFlag(FLAGS_apart)) {
    for (const stress::Mode& mode : stress::ModesFromFlags()) {
      info.variants.push_back(stress::ToString(mode));
    }
    info.seconds = absl::GetFlag(FLAGS_time);
  }
  return info;
}

std::string CheckEngineFlags() {
  if (std::string problem = stress::OfFlags(stress::WrongChoice); !problem.empty()) return problem;
  const double time = absl::GetFlag(FLAGS_time);
  if (!(time > 0 && time <= 1e6))
    return absl::StrCat("bad value '", time, "' for option --time: want seconds");
  const int copies = absl::GetFlag(FLAGS_oversubscribe);
  if (copies < 0 || copies > 255) {
    return absl::StrCat("bad value '", copies, "' for option --oversubscribe: want 0 to 255");
  }
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads < 0 || threads > 4096) {
    return absl::StrCat("bad value '", threads, "' for option --threads: want 0 to 4096");
  }
  return "";
}

Outcome RunScenario(const Scenario& scenario, const RunOptions& options) {
  stress::Settings settings{.modes = stress::ModesFromFlags(),
                            .oversubscribe = absl::GetFlag(FLAGS_oversubscribe),
                            .seconds = absl::GetFlag(FLAGS_time),
                            .seed = options.seed};
  if (options.variant >= 0) {
    settings.seconds = options.seconds;
    settings.modes = {settings.modes[static_cast<std::size_t>(options.variant)]};
  }
  const int threads = std::max(1, scenario.threads);
  const int copies = (absl::GetFlag(FLAGS_threads) + threads - 1) / threads;
  settings.oversubscribe = std::max(settings.oversubscribe, copies - 1);
  return stress::RunUnder(scenario, settings);
}

}  // namespace heddle
