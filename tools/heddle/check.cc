// SPDX-License-Identifier: Apache-2.0
//
// heddle check: every scenario and mutant under every engine.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/matrix/run_matrix.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/common_flags.h"
#include "tools/heddle/primitive_table.h"
#include "tools/heddle/scenario_runs.h"
#include "tools/heddle/subcommands.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

ABSL_FLAG(
    std::string, budget, "quick",
    "quick: the sampling engines take a fraction of a second a scenario; full: ten times that");
ABSL_FLAG(std::string, replay, "",
          "run exactly the execution of this counterexample, and print it");
ABSL_FLAG(std::string, junit, "", "write JUnit XML to this file");
ABSL_FLAG(std::string, readme, "",
          "rewrite the table of primitives in this file from the verdicts");

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::string_view kFlags[] = {"engine", "budget", "replay", "json", "junit",
                                        "out",    "seed",   "readme", "help"};

// Engines that run real threads measure nothing useful while something else uses the cores.
bool WantsTheMachine(absl::string_view engine) { return engine == "stress" || engine == "tsan"; }

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitUsage;
}

int Internal(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitInternal;
}

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Check {
  std::vector<ScenarioBinary> binaries;
  std::vector<std::string> patterns;
  std::size_t scenarios = 0;
  std::vector<VerdictRecord> records;
  std::vector<std::string> problems;  // a binary that died
};

// Leaves the binaries that have a matching scenario, and counts the scenarios.
bool Select(Check& check) {
  const auto selected = SelectScenarios(check.binaries, check.patterns, {});
  if (!selected) return false;
  check.binaries.clear();
  for (const SelectedBinary& each : *selected) {
    check.binaries.push_back(each.binary);
    check.scenarios += each.scenarios.size();
  }
  return true;
}

Task MakeTask(const ScenarioBinary& binary, const std::string& out, Check& check,
              Progress& progress) {
  Task task;
  task.command = {binary.path, "--quiet", "--json=/dev/stdout",
                  absl::StrCat("--counterexamples=", out),
                  absl::StrCat("--seed=", absl::GetFlag(FLAGS_seed))};
  if (WantsTheMachine(binary.engine) && absl::GetFlag(FLAGS_budget) == "full") {
    task.command.push_back("--time=2");
  }
  task.command.insert(task.command.end(), check.patterns.begin(), check.patterns.end());
  task.on_line = [&check, &progress](const std::string& line) {
    auto record = VerdictRecordFromJson(line);
    if (!record) return;  // the row of a failure, which the record tells better
    progress.Clear();
    std::printf("%s", TableRow(*record).c_str());
    if (!record->ok && !record->detail.empty()) std::printf("\n%s\n", record->detail.c_str());
    std::fflush(stdout);
    progress.Done();
    check.records.push_back(*std::move(record));
  };
  task.on_exit = [&check, label = binary.label](const ProcessResult& result) {
    if (result.status != kExitOk && result.status != kExitFound &&
        result.status != kExitInterrupted) {
      check.problems.push_back(
          absl::StrCat(label, " ended with status ", result.status, ": ", result.errors));
    }
  };
  return task;
}

// False when interrupted.
bool RunAll(const std::string& out, Check& check) {
  Progress progress(check.scenarios);
  std::vector<Task> shared;
  std::vector<Task> alone;
  for (const ScenarioBinary& binary : check.binaries) {
    (WantsTheMachine(binary.engine) ? alone : shared)
        .push_back(MakeTask(binary, out, check, progress));
  }
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const auto tick = [&progress] { progress.Show(); };
  return RunTasks(std::move(shared), cores, tick) && RunTasks(std::move(alone), 1, tick);
}

int Replay(const std::string& path, const std::vector<ScenarioBinary>& binaries) {
  const absl::StatusOr<Counterexample> counterexample = ReadCounterexample(path);
  if (!counterexample.ok()) return Usage(counterexample.status().message());
  // The binary that knows the scenario prints the execution itself.
  const std::string absolute = std::filesystem::absolute(path).string();
  int status = -1;
  std::string errors;
  for (const ScenarioBinary& binary : binaries) {
    if (binary.engine != counterexample->engine) continue;
    std::vector<std::string> lines;
    Task task;
    task.command = {binary.path, absl::StrCat("--replay=", absolute)};
    task.on_line = [&lines](const std::string& line) { lines.push_back(line); };
    task.on_exit = [&](const ProcessResult& result) {
      status = result.status;
      errors = result.errors;
    };
    std::vector<Task> tasks;
    tasks.push_back(std::move(task));
    if (!RunTasks(std::move(tasks), 1, nullptr)) return kExitInterrupted;
    if (status == kExitUsage) continue;  // not one of its scenarios
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
    return status;
  }
  if (status == -1)
    return Usage(absl::StrCat(path, ": there is no engine ", counterexample->engine));
  return Usage(absl::StrCat(path, ": no scenario ", counterexample->scenario,
                            counterexample->mutant.empty() ? "" : "~", counterexample->mutant,
                            " in this version"));
}

absl::Status WriteReports(const Check& check) {
  if (const std::string path = absl::GetFlag(FLAGS_json); !path.empty()) {
    std::string lines;
    for (const VerdictRecord& record : check.records) absl::StrAppend(&lines, ToJson(record), "\n");
    if (absl::Status status = WriteFile(path, lines); !status.ok()) return status;
  }
  if (const std::string path = absl::GetFlag(FLAGS_junit); !path.empty()) {
    if (absl::Status status = WriteFile(path, JUnit(check.records)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// The analyzer's verdict matrix: programs, not scenarios.
int CheckLockOrder() {
  for (const std::string& path : {absl::GetFlag(FLAGS_json), absl::GetFlag(FLAGS_junit)}) {
    if (const absl::Status status = CheckWritable(path); !status.ok())
      return Usage(status.message());
  }
  Check check;
  const std::string root = RunfilesRoot();
  lock_order::MatrixOptions options;
  options.runfiles = root;
  std::error_code error;
  options.lockorder = {std::filesystem::read_symlink("/proc/self/exe", error).string(),
                       "lockorder"};
  options.watcher = absl::StrCat(root, "heddle/checkers/lock_order/report/heddle_lockorder_watch");
  options.on_verdict = [&check](const VerdictRecord& record) {
    std::printf("%s", TableRow(record).c_str());
    std::fflush(stdout);
    check.records.push_back(record);
  };
  const Clock::time_point start = Clock::now();
  std::printf("%s", TableHeader().c_str());
  const int status = lock_order::RunMatrix(options);
  std::printf("%s", Totals(check.records, Since(start)).c_str());
  if (const absl::Status written = WriteReports(check); !written.ok())
    return Usage(written.message());
  return status;
}

}  // namespace

int RunCheck(const std::vector<std::string>& arguments) {
  Check check;
  auto patterns = ParseCommandLine(arguments, kFlags);
  if (!patterns.ok()) return Usage(patterns.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    std::printf(
        "usage: heddle check [PATTERN...] [options]\n\n"
        "Runs every scenario and mutant whose name contains a PATTERN under every engine.\n\n%s",
        FlagHelp(kFlags).c_str());
    return kExitOk;
  }
  check.patterns = *std::move(patterns);
  if (absl::GetFlag(FLAGS_budget) != "quick" && absl::GetFlag(FLAGS_budget) != "full") {
    return Usage(absl::StrCat("bad value '", absl::GetFlag(FLAGS_budget),
                              "' for option --budget: want quick or full"));
  }
  if (check.patterns.size() == 1 && check.patterns[0] == "lock_order") return CheckLockOrder();
  absl::StatusOr<std::vector<ScenarioBinary>> suite = LoadSuite();
  if (!suite.ok()) return Internal(suite.status().message());
  if (!absl::GetFlag(FLAGS_replay).empty()) return Replay(absl::GetFlag(FLAGS_replay), *suite);
  check.binaries = *std::move(suite);
  for (const absl::Status& status :
       {KeepEngines(absl::GetFlag(FLAGS_engine), check.binaries),
        CheckWritable(absl::GetFlag(FLAGS_json)), CheckWritable(absl::GetFlag(FLAGS_junit))}) {
    if (!status.ok()) return Usage(status.message());
  }
  const std::string out = OutDirectory();
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return Usage(absl::StrCat("cannot create ", out, ": ", error.message()));

  if (!Select(check)) return kExitInterrupted;
  if (check.scenarios == 0)
    return Usage(absl::StrCat("no scenario matches ", absl::StrJoin(check.patterns, " ")));

  setenv("HEDDLE_REPLAY_COMMAND", "./heddle check --replay=", 1);
  const Clock::time_point start = Clock::now();
  std::printf("%s", TableHeader().c_str());
  std::fflush(stdout);
  const bool finished = RunAll(out, check);
  std::printf("%s", Totals(check.records, Since(start)).c_str());
  if (!finished)
    std::printf("interrupted after %zu of %zu verdicts\n", check.records.size(), check.scenarios);

  if (const absl::Status status = WriteReports(check); !status.ok()) return Usage(status.message());
  if (!finished) return kExitInterrupted;
  for (const std::string& problem : check.problems) Internal(problem);
  if (!check.problems.empty() || check.records.size() != check.scenarios) return kExitInternal;
  if (const std::string readme = absl::GetFlag(FLAGS_readme); !readme.empty()) {
    const absl::Status status = UpdatePrimitiveTable(readme, check.records);
    if (!status.ok()) return Usage(status.message());
  }
  return std::all_of(check.records.begin(), check.records.end(),
                     [](const VerdictRecord& record) { return record.ok; })
             ? kExitOk
             : kExitFound;
}

}  // namespace heddle
