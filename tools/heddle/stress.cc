// SPDX-License-Identifier: Apache-2.0
//
// heddle stress: scenarios on real threads, under pressure, for as long as one likes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/ask_explorer.h"
#include "tools/heddle/common_flags.h"
#include "tools/heddle/scenario_runs.h"
#include "tools/heddle/stress_report.h"
#include "tools/heddle/subcommands.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

ABSL_FLAG(absl::Duration, duration, absl::Seconds(60),
          "time for all of it, divided over scenarios and modes (60s, 10m, 8h)");
ABSL_FLAG(int, threads, 0,
          "run as many copies of each scenario's threads as make at least this many; 0: one copy");
ABSL_FLAG(std::string, noise, "all",
          "delays: off, pauses, bursts, slow_thread, priorities; portfolio: the usual ones; all");
ABSL_FLAG(std::string, affinity, "all",
          "threads on: same_cpu, smt (one core), cores, sockets (different ones), none (anywhere), "
          "sweep (they change in mid-work); portfolio, all");
ABSL_FLAG(std::string, waiting, "all",
          "how threads wait for each other to start: spin, yield, sleep; portfolio, all");
ABSL_FLAG(std::string, pressure, "all",
          "none, preempt (signals), nice (unequal priorities), cpu, memory (busy neighbours); "
          "portfolio, all");
ABSL_FLAG(bool, mutants, false, "run mutants too");
ABSL_FLAG(std::string, markdown, "",
          "write the table of mutants, caught or missed, to this file (with --mutants)");

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

// Of one scenario, when the time is over.
constexpr double kLeastSeconds = 1e-3;

constexpr absl::string_view kFlags[] = {"duration", "threads",  "seed",   "noise",   "affinity",
                                        "waiting",  "pressure", "engine", "mutants", "json",
                                        "html",     "markdown", "out",    "help"};

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitUsage;
}

struct Stress {
  std::vector<SelectedBinary> binaries;
  std::size_t scenarios = 0;
  std::vector<VerdictRecord> records;
  std::vector<VerdictRecord> not_run;  // there was no time
  std::vector<std::string> problems;
  std::map<std::string, std::string> reports;  // of ThreadSanitizer, by their stacks: who has one
  bool refused = false;                        // a binary did not like its options, and has said so
};

// The failure's text; that of a report of ThreadSanitizer with the stacks of an earlier one only
// names that.
std::string Detail(const VerdictRecord& record, std::map<std::string, std::string>& reports) {
  const std::string stacks = StackFrames(record.detail);
  if (record.engine != "tsan" || stacks.empty()) return record.detail;
  const auto [known, is_new] = reports.emplace(stacks, FullName(record));
  return is_new ? record.detail
                : absl::StrCat("  ThreadSanitizer's report is the one of ", known->second, "\n");
}

// The command that runs the failed mode again, from the same seed.
std::string CommandFor(const VerdictRecord& record) {
  std::map<std::string, std::string> options = {
      {"noise", "off"}, {"affinity", "none"}, {"waiting", "spin"}, {"pressure", "none"}};
  for (const VariantRecord& variant : record.variants) {
    if (!IsFinding(variant.verdict)) continue;
    for (const absl::string_view option : absl::StrSplit(variant.name, ',')) {
      const std::pair<std::string, std::string> parts = absl::StrSplit(option, '=');
      options[parts.first] = parts.second;
    }
    break;
  }
  std::string command =
      absl::StrCat("./heddle stress '=", FullName(record), "' --engine=", record.engine,
                   " --seed=", absl::GetFlag(FLAGS_seed));
  for (const auto& [name, value] : options) absl::StrAppend(&command, " --", name, "=", value);
  if (const int threads = absl::GetFlag(FLAGS_threads); threads != 0) {
    absl::StrAppend(&command, " --threads=", threads);
  }
  if (record.mutant) absl::StrAppend(&command, " --mutants");
  return command;
}

Task MakeTask(const SelectedBinary& selected, const std::vector<std::string>& patterns,
              double seconds, const std::string& out, Stress& stress, Progress& progress) {
  Task task;
  task.command = {selected.binary.path,
                  "--quiet",
                  "--json=/dev/stdout",
                  "--apart",
                  absl::StrCat("--counterexamples=", out),
                  absl::StrCat("--seed=", absl::GetFlag(FLAGS_seed)),
                  absl::StrCat("--time=", seconds),
                  absl::StrCat("--threads=", absl::GetFlag(FLAGS_threads)),
                  absl::StrCat("--noise=", absl::GetFlag(FLAGS_noise)),
                  absl::StrCat("--affinity=", absl::GetFlag(FLAGS_affinity)),
                  absl::StrCat("--waiting=", absl::GetFlag(FLAGS_waiting)),
                  absl::StrCat("--pressure=", absl::GetFlag(FLAGS_pressure))};
  if (!absl::GetFlag(FLAGS_mutants)) task.command.emplace_back("--nomutants");
  task.command.insert(task.command.end(), patterns.begin(), patterns.end());
  task.on_line = [&stress, &progress](const std::string& line) {
    auto record = VerdictRecordFromJson(line);
    if (!record) return;  // the row of a failure, which the record tells better
    progress.Clear();
    if (stress.records.empty()) std::printf("%s", TableHeader().c_str());
    std::printf("%s%s", TableRow(*record).c_str(), OutcomeTable(*record).c_str());
    if (!record->ok && !record->detail.empty()) {
      std::printf("\n%s\n", Detail(*record, stress.reports).c_str());
    }
    if (!record->ok) std::printf("  run it again:  %s\n", CommandFor(*record).c_str());
    std::fflush(stdout);
    progress.Done();
    stress.records.push_back(*std::move(record));
  };
  task.on_exit = [&stress, label = selected.binary.label](const ProcessResult& result) {
    if (result.status == kExitUsage) {
      if (!std::exchange(stress.refused, true)) std::fputs(result.errors.c_str(), stderr);
    } else if (result.status != kExitOk && result.status != kExitFound &&
               result.status != kExitInterrupted) {
      stress.problems.push_back(
          absl::StrCat(label, " ended with status ", result.status, ": ", result.errors));
    }
  };
  return task;
}

// One binary after the other: threads under stress want the machine. What is left of the time is
// divided anew before each. When it is over, the rest runs in one mode each, for as short as can
// be; when that has taken the same time again, what is left does not run, and which that is depends
// on the seed. False when interrupted.
bool RunAll(const std::vector<std::string>& patterns, const std::string& out, Stress& stress) {
  const auto end = Clock::now() + absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_duration));
  Progress progress(stress.scenarios);
  std::size_t left = stress.scenarios;
  const std::size_t first = (absl::GetFlag(FLAGS_seed) + stress.binaries.size() - 1) %
                            std::max<std::size_t>(1, stress.binaries.size());
  for (std::size_t i = 0; i < stress.binaries.size(); ++i) {
    const SelectedBinary& selected = stress.binaries[(first + i) % stress.binaries.size()];
    const double seconds = std::chrono::duration<double>(end - Clock::now()).count();
    if (i > 0 && seconds <= -absl::ToDoubleSeconds(absl::GetFlag(FLAGS_duration))) {
      for (const std::string& name : selected.scenarios) {
        stress.not_run.push_back(NotRun(name, selected.binary.engine));
      }
      continue;
    }
    std::vector<Task> tasks;
    tasks.push_back(MakeTask(selected, patterns,
                             std::max(kLeastSeconds, seconds / static_cast<double>(left)), out,
                             stress, progress));
    if (!RunTasks(std::move(tasks), 1, [&progress] { progress.Show(); })) return false;
    if (stress.refused) return true;
    left -= selected.scenarios.size();
  }
  return true;
}

absl::Status WriteReports(const std::vector<VerdictRecord>& records) {
  std::string lines;
  for (const VerdictRecord& record : records) absl::StrAppend(&lines, ToJson(record), "\n");
  const std::pair<std::string, std::string> reports[] = {
      {absl::GetFlag(FLAGS_json), lines},
      {absl::GetFlag(FLAGS_html), StressPage(records)},
      {absl::GetFlag(FLAGS_markdown), MutantTable(records)}};
  for (const auto& [path, text] : reports) {
    if (path.empty()) continue;
    if (absl::Status status = WriteFile(path, text); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

int RunStress(const std::vector<std::string>& arguments) {
  if (std::find(arguments.begin(), arguments.end(), "--generate") != arguments.end()) {
    std::vector<std::string> others = arguments;
    std::erase(others, "--generate");
    return RunGenerate(others);
  }
  const auto patterns = ParseCommandLine(arguments, kFlags);
  if (!patterns.ok()) return Usage(patterns.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    std::printf(
        "usage: heddle stress [PATTERN...] [options]\n\nRuns the scenarios whose name contains a "
        "PATTERN on real threads, natively and under\nThreadSanitizer, in many ways; each way in a "
        "process of its own. With --generate it makes\nrandom programs: heddle stress --generate "
        "--help says more.\n\n%s",
        FlagHelp(kFlags).c_str());
    return kExitOk;
  }
  if (absl::GetFlag(FLAGS_duration) <= absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_duration) > absl::Hours(24 * 365)) {
    return Usage("bad value for option --duration: want a time such as 60s, 10m or 8h");
  }
  if (absl::GetFlag(FLAGS_engine).empty()) absl::SetFlag(&FLAGS_engine, {"stress", "tsan"});
  for (const std::string& engine : absl::GetFlag(FLAGS_engine)) {
    if (engine != "stress" && engine != "tsan") {
      return Usage(absl::StrCat("engine '", engine, "' runs no real threads; stress and tsan do"));
    }
  }
  if (!absl::GetFlag(FLAGS_markdown).empty() && !absl::GetFlag(FLAGS_mutants)) {
    return Usage("--markdown is the table of mutants: it needs --mutants");
  }
  for (const std::string& path :
       {absl::GetFlag(FLAGS_json), absl::GetFlag(FLAGS_html), absl::GetFlag(FLAGS_markdown)}) {
    if (const absl::Status status = CheckWritable(path); !status.ok())
      return Usage(status.message());
  }
  absl::StatusOr<std::vector<ScenarioBinary>> suite = LoadSuite();
  if (!suite.ok()) {
    std::fprintf(stderr, "heddle: %s\n", std::string(suite.status().message()).c_str());
    return kExitInternal;
  }
  std::vector<ScenarioBinary> explorers = *suite;
  std::erase_if(explorers, [](const ScenarioBinary& binary) { return binary.engine != "explore"; });
  if (const absl::Status status = KeepEngines(absl::GetFlag(FLAGS_engine), *suite); !status.ok())
    return Usage(status.message());

  Stress stress;
  std::vector<std::string> list_flags;
  if (!absl::GetFlag(FLAGS_mutants)) list_flags.emplace_back("--nomutants");
  auto selected = SelectScenarios(*suite, *patterns, list_flags);
  if (!selected) return kExitInterrupted;
  stress.binaries = *std::move(selected);
  for (const SelectedBinary& each : stress.binaries) stress.scenarios += each.scenarios.size();
  if (stress.scenarios == 0) {
    return Usage(absl::StrCat("no scenario matches ", absl::StrJoin(*patterns, " ")));
  }
  const std::string out = OutDirectory();
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return Usage(absl::StrCat("cannot create ", out, ": ", error.message()));

  const Clock::time_point start = Clock::now();
  const bool finished = RunAll(*patterns, out, stress);
  if (stress.refused) return kExitUsage;
  for (const VerdictRecord& record : stress.records) {
    if (record.ok || !finished) continue;
    std::printf("\n%s, %s under %s\n%s", FullName(record).c_str(),
                std::string(ToString(record.verdict)).c_str(), record.engine.c_str(),
                AskTheExplorer(record, explorers, out).c_str());
  }
  std::printf(
      "%s%s", CoverageTable(stress.records).c_str(),
      Totals(stress.records, std::chrono::duration<double>(Clock::now() - start).count()).c_str());
  stress.records.insert(stress.records.end(), stress.not_run.begin(), stress.not_run.end());
  std::printf("%s", LeftOut(stress.records).c_str());
  if (const absl::Status status = WriteReports(stress.records); !status.ok())
    return Usage(status.message());
  if (!finished) return kExitInterrupted;
  for (const std::string& problem : stress.problems)
    std::fprintf(stderr, "heddle: %s\n", problem.c_str());
  if (!stress.problems.empty() || stress.records.size() != stress.scenarios) return kExitInternal;
  return std::all_of(stress.records.begin(), stress.records.end(),
                     [](const VerdictRecord& record) { return record.ok; })
             ? kExitOk
             : kExitFound;
}

}  // namespace heddle
