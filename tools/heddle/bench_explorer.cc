// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench_explorer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/explorer_cost.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;
using bench::ExplorerRepetition;
using bench::ExplorerRow;
using bench::ExplorerSample;
using bench::ExplorerSummary;

// Of one run of a program.
constexpr char kSecondsLimit[] = "600";
// GenMC gets no more repetitions of what has taken it so long.
constexpr double kGenmcSeconds = 20;

// Rows of their own: how much memory many executions need, and the repository's scenarios.
constexpr char kMemory[] = "memory";
constexpr char kScenarios[] = "scenarios";
constexpr char kMemoryProgram[] = "containers";
constexpr char kMemoryKernel[] = "michael_scott";
constexpr char kMemoryArgument[] = "4";

int Fail(int status, absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return status;
}

std::string FirstLine(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  return text.ok() ? text->substr(0, text->find('\n')) : "";
}

struct Measured {
  int status = -1;       // exit status, or 128 + the signal
  double processor = 0;  // seconds
  double mebibytes = 0;
};

// With the settings added to the environment, and the output in a file.
Measured Run(std::vector<std::string> command, const std::vector<std::string>& settings,
             const std::string& output) {
  command.insert(command.begin(), {"/usr/bin/timeout", "-s", "KILL", kSecondsLimit});
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  Measured measured;
  const pid_t child = fork();
  if (child == 0) {
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    for (const std::string& setting : settings) putenv(const_cast<char*>(setting.c_str()));
    execv(argv[0], argv.data());
    _exit(127);
  }
  if (child < 0) return measured;
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  measured.processor = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  measured.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  measured.mebibytes = static_cast<double>(usage.ru_maxrss) / 1024;
  return measured;
}

class ExplorerBench {
 public:
  ExplorerBench(const std::vector<std::string>& rows, const ExplorerBenchOptions& options)
      : wanted_(rows.begin(), rows.end()), options_(options) {
    root_ = absl::StrCat(RunfilesRoot(), "heddle/checkers/explorer/programs/");
  }

  absl::Status Measure() {
    if (directory_.path().empty()) return absl::InternalError("no directory for temporary files");
    repetitions_.resize(bench::ExplorerRows().size());
    for (int i = 0; i < options_.repetitions; ++i) {
      if (const absl::Status status = Repeat(i); !status.ok()) return status;
    }
    for (std::size_t k = 0; k < repetitions_.size(); ++k) {
      if (repetitions_[k].empty()) continue;
      const ExplorerRow& row = bench::ExplorerRows()[k];
      ExplorerSummary summary = SummarizeExplorer(row, repetitions_[k]);
      if (!summary.error.empty()) {
        return absl::InternalError(absl::StrCat(NameOf(row), ": ", summary.error));
      }
      summaries_.push_back(std::move(summary));
    }
    if (wanted_.contains(kMemory)) {
      if (const absl::Status status = MeasureMemory(); !status.ok()) return status;
    }
    if (wanted_.contains(kScenarios)) return MeasureScenarios();
    return absl::OkStatus();
  }

  void Print() const {
    Progress("");
    if (!summaries_.empty()) {
      std::printf("%s", ExplorerTable(summaries_).c_str());
      if (options_.genmc.empty()) std::printf("GenMC is missing: no --genmc=PATH\n");
    }
    const char* space = summaries_.empty() ? "" : "\n";
    if (!memory_.empty()) {
      std::printf("%s%s/%s: %s", space, kMemoryKernel, kMemoryArgument,
                  bench::MemoryTable(memory_).c_str());
      space = "\n";
    }
    if (scenarios_) std::printf("%s%s", space, ScenarioTable(*scenarios_).c_str());
  }

  std::string Json() const {
    nlohmann::json json = {{"programs", nlohmann::json::array()}};
    for (const ExplorerSummary& summary : summaries_) json["programs"].push_back(ToJson(summary));
    for (const auto& [executions, mebibytes] : memory_) {
      json["mebibytes"][absl::StrCat(executions)] = mebibytes;
    }
    if (scenarios_) json["scenarios"] = ToJson(*scenarios_);
    return json.dump(2) + "\n";
  }

 private:
  static void Progress(const std::string& what) {
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", what.c_str());
  }

  // Each tool starts with a program of one execution: what that takes is taken off.
  absl::Status Repeat(int number) {
    const ExplorerRow nothing = {"fetch_add", 0, "locks", "FetchAdd", 0, 0, 0};
    std::optional<double> start;
    std::optional<double> genmc_start;
    for (std::size_t k = 0; k < bench::ExplorerRows().size(); ++k) {
      const ExplorerRow& row = bench::ExplorerRows()[k];
      if (!wanted_.contains(NameOf(row))) continue;
      const std::string progress =
          absl::StrCat("repetition ", number + 1, " of ", options_.repetitions, ": ", NameOf(row));
      Progress(progress);
      if (!start) start = Explore(nothing, "jobs=1").processor;
      ExplorerRepetition repetition{.one = Explore(row, "jobs=1"), .two = Explore(row, "jobs=2")};
      repetition.one.processor = std::max(0.0, repetition.one.processor - *start);
      if (!options_.genmc.empty() && genmc_seconds_[k] < kGenmcSeconds) {
        Progress(absl::StrCat(progress, ", GenMC"));
        if (!genmc_start) {
          const ExplorerSample sample = Genmc(nothing);
          if (!sample.error.empty()) {
            return absl::InvalidArgumentError(
                absl::StrCat(options_.genmc, " ", sample.error, ": ", FirstLine(Output())));
          }
          genmc_start = sample.processor;
        }
        repetition.genmc = Genmc(row);
        genmc_seconds_[k] +=
            repetition.genmc->error.empty() ? repetition.genmc->processor : kGenmcSeconds;
        repetition.genmc->processor = std::max(0.0, repetition.genmc->processor - *genmc_start);
      }
      repetitions_[k].push_back(std::move(repetition));
    }
    return absl::OkStatus();
  }

  std::string Output() const { return directory_.path() + "/output"; }
  std::string Record() const { return directory_.path() + "/record"; }

  // `expected` is what the verdict has to be.
  ExplorerSample Sample(const std::vector<std::string>& command, const std::string& options,
                        absl::string_view expected) const {
    ExplorerSample sample;
    std::error_code ignored;
    fs::remove(Record(), ignored);
    const Measured measured = Run(
        command, {absl::StrCat("HEDDLE_EXPLORE_OPTIONS=shard=off:record=", Record(), ":", options)},
        Output());
    sample.processor = measured.processor;
    sample.mebibytes = measured.mebibytes;
    const absl::StatusOr<std::string> text = ReadFile(Record());
    const absl::StatusOr<explorer::report::Record> record =
        text.ok() ? explorer::report::ParseRecord(*text)
                  : absl::StatusOr<explorer::report::Record>(text.status());
    if (!record.ok() || !record->end) {
      const absl::StatusOr<std::string> said = ReadFile(Output());
      sample.error = absl::StrCat(command[0], " ended with status ", measured.status, ": ",
                                  said.ok() ? *said : "");
      return sample;
    }
    if (record->end->verdict != expected) {
      sample.error = absl::StrCat("the verdict is ", record->end->verdict);
    }
    sample.complete = record->end->executions;
    sample.blocked = record->end->blocked;
    sample.seconds = record->end->seconds;
    return sample;
  }

  ExplorerSample Explore(const ExplorerRow& row, const std::string& options) const {
    return Sample({root_ + row.file, row.kernel, absl::StrCat(row.argument)}, options, "pass");
  }

  absl::Status MeasureMemory() {
    for (const std::uint64_t executions : {10'000, 100'000, 1'000'000}) {
      if (options_.quick && executions > 100'000) break;
      Progress(absl::StrCat("memory of ", executions, " executions"));
      const ExplorerSample sample =
          Sample({root_ + kMemoryProgram, kMemoryKernel, kMemoryArgument},
                 absl::StrCat("max_executions=", executions), "incomplete");
      if (!sample.error.empty()) {
        return absl::InternalError(absl::StrCat("memory: ", sample.error));
      }
      memory_[executions] = sample.mebibytes;
    }
    return absl::OkStatus();
  }

  // The flags that keep its other reductions from refusing programs whose writes are not ordered,
  // and the last one from exploring a part twice.
  ExplorerSample Genmc(const ExplorerRow& row) const {
    ExplorerSample sample;
    const std::string source = directory_.path() + "/program.c";
    if (const absl::Status status =
            WriteFile(source, GenmcSource(row, absl::StrCat(root_, row.file, ".c")));
        !status.ok()) {
      sample.error = std::string(status.message());
      return sample;
    }
    const Measured measured =
        Run({options_.genmc, "--rc11", "--disable-ipr", "--disable-sr", "--disable-estimation",
             "--", "-I", absl::StrCat(RunfilesRoot(), "heddle"), source},
            {}, Output());
    const absl::StatusOr<std::string> said = ReadFile(Output());
    absl::StatusOr<ExplorerSample> parsed = bench::ParseGenmc(said.ok() ? *said : "");
    if (measured.status == 0 && parsed.ok()) {
      parsed->processor = measured.processor;
      return *parsed;
    }
    sample.error = measured.status == 128 + SIGKILL
                       ? absl::StrCat("over ", kSecondsLimit, " s")
                       : absl::StrCat("fails with status ", measured.status);
    return sample;
  }

  absl::Status MeasureScenarios() {
    const absl::StatusOr<std::vector<ScenarioBinary>> suite = LoadSuite();
    if (!suite.ok()) return suite.status();
    std::set<std::string> explored;
    for (const ScenarioBinary& binary : *suite) {
      if (binary.engine == "explore") explored.insert(Model(binary));
    }
    std::vector<VerdictRecord> records;
    std::vector<Task> tasks;
    std::string problem;
    for (const ScenarioBinary& binary : *suite) {
      if (binary.engine != "explore" && binary.engine != "relacy") continue;
      if (!explored.contains(Model(binary))) continue;
      Task task;
      task.command = {binary.path, "--quiet", "--nomutants", "--json=/dev/stdout",
                      absl::StrCat("--counterexamples=", directory_.path())};
      task.on_line = [&records](const std::string& line) {
        if (auto record = VerdictRecordFromJson(line)) records.push_back(*std::move(record));
      };
      task.on_exit = [&problem, label = binary.label](const ProcessResult& result) {
        Progress(label);
        if (result.status != kExitOk && result.status != kExitFound) {
          problem = absl::StrCat(label, " ended with status ", result.status, ": ", result.errors);
        }
      };
      tasks.push_back(std::move(task));
    }
    // One at a time: their times are compared.
    if (!RunTasks(std::move(tasks), 1, nullptr)) return absl::CancelledError();
    if (!problem.empty()) return absl::InternalError(problem);
    scenarios_ = bench::CompareScenarios(records);
    return absl::OkStatus();
  }

  // "//models/mutex:ticket_lock_model.relacy" without the engine.
  static std::string Model(const ScenarioBinary& binary) {
    return binary.label.substr(0, binary.label.rfind('.'));
  }

  const std::set<std::string> wanted_;
  const ExplorerBenchOptions& options_;
  std::string root_;
  const Scratch directory_{"bench"};
  std::vector<std::vector<ExplorerRepetition>> repetitions_;
  std::map<std::size_t, double> genmc_seconds_;  // by row
  std::vector<ExplorerSummary> summaries_;
  bench::MemoryByExecutions memory_;
  std::optional<bench::ScenarioTotals> scenarios_;
};

// Each pattern must be good for something.
absl::StatusOr<std::vector<std::string>> Select(const std::vector<std::string>& patterns) {
  std::vector<std::string> all;
  for (const ExplorerRow& row : bench::ExplorerRows()) all.push_back(NameOf(row));
  all.insert(all.end(), {kMemory, kScenarios});
  std::set<std::string> unused(patterns.begin(), patterns.end());
  std::vector<std::string> selected;
  for (const std::string& name : all) {
    bool wanted = patterns.empty();
    for (const std::string& pattern : patterns) {
      if (!absl::StrContains(name, pattern)) continue;
      wanted = true;
      unused.erase(pattern);
    }
    if (wanted) selected.push_back(name);
  }
  if (!unused.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no row of explorer matches '", *unused.begin(), "'; --list shows them"));
  }
  return selected;
}

}  // namespace

int RunExplorerBench(const std::vector<std::string>& patterns,
                     const ExplorerBenchOptions& options) {
  const absl::StatusOr<std::vector<std::string>> rows = Select(patterns);
  if (!rows.ok()) return Fail(kExitUsage, rows.status().message());
  if (options.list) {
    for (const std::string& row : *rows) std::printf("%s\n", row.c_str());
    return kExitOk;
  }
  if (!options.genmc.empty() && access(options.genmc.c_str(), X_OK) != 0) {
    return Fail(kExitUsage, absl::StrCat(options.genmc, ": ", std::strerror(errno)));
  }
  ExplorerBench explorer_bench(*rows, options);
  const absl::Status status = explorer_bench.Measure();
  if (absl::IsCancelled(status)) return kExitInterrupted;
  if (absl::IsInvalidArgument(status)) return Fail(kExitUsage, status.message());
  if (!status.ok()) return Fail(kExitInternal, status.message());
  explorer_bench.Print();
  if (!options.json.empty()) {
    const absl::Status written = WriteFile(options.json, explorer_bench.Json());
    if (!written.ok()) return Fail(kExitUsage, written.message());
  }
  return kExitOk;
}

}  // namespace heddle
