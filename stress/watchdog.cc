// SPDX-License-Identifier: Apache-2.0
#include "stress/watchdog.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checkers/scenario/verdict.h"
#include "primitives/std_platform.h"
#include "stress/harness.h"
#include "stress/operation_log.h"
#include "stress/stacks.h"

namespace heddle::stress {
namespace {

using std::chrono::duration;

#if defined(HEDDLE_TSAN)
constexpr duration<double> kAsleepLimit{0.5};
constexpr duration<double> kBusyLimit{4};
#else
constexpr duration<double> kAsleepLimit{0.25};
constexpr duration<double> kBusyLimit{2};
#endif
constexpr duration<double> kHardLimit{60};
constexpr duration<double> kBaselineAfter{0.05};
constexpr double kBusySeconds = 0.2;
constexpr std::uint64_t kBusySwitches = 200;

// ThreadSanitizer's runtime holds threads up while a child process of it finds names and lines for
// a report. The scenario has no children.
bool ReportInTheMaking() {
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::string ReadFile(const std::string& path) {
  std::string text;
  if (std::FILE* file = std::fopen(path.c_str(), "re")) {
    char buffer[4096];
    std::size_t got = 0;
    while ((got = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, got);
    std::fclose(file);
  }
  return text;
}

std::uint64_t Field(const std::string& status, const char* name) {
  const std::size_t at = status.find(name);
  return at == std::string::npos
             ? 0
             : std::strtoull(status.c_str() + at + std::strlen(name), nullptr, 10);
}

constexpr std::uint64_t kShown = 12;

std::string Show(const OperationLog::Entry* operation) {
  if (operation == nullptr) return "";
  const char* name = operation->name.load(std::memory_order_relaxed);
  const Location where = operation->where.load(std::memory_order_relaxed);
  return absl::StrCat(name, "  ", where.file_name(), ":", where.line());
}

}  // namespace

std::string RecentOperations(const Group& group) {
  std::string text = "last operations, the latest at the end\n";
  for (const auto& worker : group.workers()) {
    absl::StrAppend(&text, "  thread ", worker->context.thread(), "\n");
    for (std::uint64_t age = kShown; age-- > 0;) {
      const std::string line = Show(worker->context.log().Recent(age));
      if (!line.empty()) absl::StrAppend(&text, "    ", line, "\n");
    }
  }
  return text;
}

Watchdog::Watchdog(const std::vector<std::unique_ptr<Group>>& groups)
    : groups_(groups), watches_(groups.size()) {
  for (Watch& watch : watches_) watch.since = Clock::now();
}

Watchdog::Observed Watchdog::Observe(const Worker& worker) {
  Observed observed;
  const std::string task =
      absl::StrCat("/proc/self/task/", worker.tid.load(std::memory_order_relaxed));
  const std::string status = ReadFile(task + "/status");
  const std::size_t state = status.find("State:\t");
  observed.asleep = state != std::string::npos && status[state + 7] == 'S';
  observed.switches = Field(status, "\nvoluntary_ctxt_switches:\t") +
                      Field(status, "\nnonvoluntary_ctxt_switches:\t");
  clockid_t clock{};
  timespec used{};
  // A worker is not joined before its group is done, so its handle is good.
  if (pthread_getcpuclockid(const_cast<Worker&>(worker).handle.native_handle(), &clock) == 0 &&
      clock_gettime(clock, &used) == 0) {
    observed.processor_seconds =
        static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
  }
  return observed;
}

std::vector<Watchdog::Observed> Watchdog::ObserveAll(const Group& group) {
  std::vector<Observed> all;
  for (const auto& worker : group.workers()) all.push_back(Observe(*worker));
  return all;
}

Watchdog::Activity Watchdog::Judge(const Observed& before, const Observed& now) {
  if (now.asleep && before.asleep && now.switches == before.switches) return Activity::kAsleep;
  if (now.processor_seconds - before.processor_seconds >= kBusySeconds ||
      now.switches - before.switches >= kBusySwitches) {
    return Activity::kBusy;
  }
  return Activity::kUnclear;
}

Hang Watchdog::Look() {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = *groups_[i];
    Watch& watch = watches_[i];
    if (group.done()) continue;
    std::uint64_t progress = 0;
    for (const auto& worker : group.workers()) {
      progress += worker->progress.load(std::memory_order_relaxed);
    }
    const Clock::time_point now = Clock::now();
    if (progress != watch.progress) {
      watch.progress = progress;
      watch.since = now;
      watch.sampled = false;
      watch.suspected = false;
      continue;
    }
    if (now - watch.since < kBaselineAfter) continue;
    if (!watch.sampled) {
      watch.baseline = ObserveAll(group);
      watch.baseline_time = now;
      watch.sampled = true;
      continue;
    }
    if (now - watch.baseline_time < kAsleepLimit) continue;

    const std::vector<Observed> observed = ObserveAll(group);
    bool all_asleep = true;
    bool all_clear = true;
    bool all_waiting = true;
    for (std::size_t t = 0; t < observed.size(); ++t) {
      if (group.workers()[t]->waiting.load(std::memory_order_relaxed)) continue;
      all_waiting = false;
      const Activity activity = Judge(watch.baseline[t], observed[t]);
      all_asleep = all_asleep && activity == Activity::kAsleep;
      all_clear = all_clear && activity != Activity::kUnclear;
    }
    const auto stuck = now - watch.since;
    // All wait for each other: one of them has been released and not run yet.
    if (all_waiting && stuck < kHardLimit) continue;
    const bool hangs = all_asleep || (all_clear && stuck >= kBusyLimit) || stuck >= kHardLimit;
    // Twice in a row, for a machine that was itself asleep until just now.
    if (hangs && !watch.suspected) {
      watch.suspected = true;
      continue;
    }
    watch.suspected = hangs;
    if (!hangs) {
      // A thread that fell asleep after the baseline: begin again, but remember since when it is
      // stuck.
      if (now - watch.baseline_time >= kBusyLimit) watch.sampled = false;
      continue;
    }
    if (ReportInTheMaking() && stuck < kHardLimit) continue;
    return Hang{.verdict = all_asleep ? Verdict::kDeadlock : Verdict::kLivelock,
                .group = static_cast<int>(i),
                .seconds = duration<double>(stuck).count(),
                .detail = Describe(group, observed)};
  }
  return {};
}

std::string Watchdog::Describe(const Group& group, const std::vector<Observed>& now) {
  // A thread that is asked for its stack wakes up, and may even get on.
  std::vector<std::string> states;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const Worker& worker = *group.workers()[i];
    states.push_back(worker.waiting.load(std::memory_order_relaxed)
                         ? " has finished"
                         : absl::StrCat(now[i].asleep ? " sleeps: " : " runs: ",
                                        Show(worker.context.log().Recent(0))));
  }
  for (const auto& worker : group.workers())
    RequestStack(worker->tid.load(std::memory_order_relaxed));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::string text;
  for (std::size_t i = 0; i < now.size(); ++i) {
    absl::StrAppend(&text, "  thread ", i, states[i], "\n");
    if (states[i] != " has finished") absl::StrAppend(&text, Symbolized(group.workers()[i]->stack));
  }
  return text;
}

}  // namespace heddle::stress
