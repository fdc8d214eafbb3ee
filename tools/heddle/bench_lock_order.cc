// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench_lock_order.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/lock_order_cost.h"
#include "tools/heddle/scratch.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;
using bench::CostRepetition;
using bench::CostRow;
using bench::CostRun;
using bench::CostSample;
using bench::Way;

// Of one run of a workload; what takes longer is said to hang.
constexpr char kSecondsLimit[] = "120";

int Fail(int status, absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return status;
}

// clang's own lock-order checker for unmodified binaries, of the newest version installed.
std::string FindDyndd() {
  std::string newest;
  int newest_version = -1;
  std::error_code error;
  for (const auto& llvm : fs::directory_iterator("/usr/lib", error)) {
    const std::string name = llvm.path().filename().string();
    int version = 0;
    if (!absl::SimpleAtoi(absl::StripPrefix(name, "llvm-"), &version)) continue;
    std::error_code ignored;
    for (const auto& resources : fs::directory_iterator(llvm.path() / "lib/clang", ignored)) {
      const fs::path file = resources.path() / "lib/linux/libclang_rt.dyndd-x86_64.so";
      if (version > newest_version && fs::exists(file, ignored)) {
        newest = file.string();
        newest_version = version;
      }
    }
  }
  return newest;
}

// How to run a workload in one way.
struct Setting {
  Way way;
  std::string program;
  std::vector<std::string> environment;
  bool slow;  // gets a tenth of the work where only the time per operation counts
};

class LockOrderBench {
 public:
  LockOrderBench(std::vector<CostRow> rows, const LockOrderBenchOptions& options)
      : rows_(std::move(rows)), options_(options) {}

  absl::Status FindSettings() {
    const std::string root = absl::StrCat(RunfilesRoot(), "heddle/checkers/lock_order/");
    const std::string plain = root + "bench/lock_cost";
    const std::string runtime = root + "runtime/libheddle_lockorder.so";
    if (directory_.path().empty()) return absl::InternalError("no directory for temporary files");
    for (const std::string& needed : {plain, runtime}) {
      if (!fs::exists(needed)) return absl::NotFoundError(absl::StrCat("no ", needed));
    }
    graph_ = directory_.path() + "/graph";
    settings_ = {{Way::kBare, plain, {}, false},
                 {Way::kHeddle,
                  plain,
                  {absl::StrCat("LD_PRELOAD=", runtime),
                   absl::StrCat("HEDDLE_LOCKORDER_OPTIONS=watcher=none:graph=", graph_)},
                  false}};
    AddPeer({Way::kTsan,
             root + "bench/lock_cost.tsan",
             {"TSAN_OPTIONS=detect_deadlocks=1:report_bugs=0"},
             true});
    const std::string dyndd = FindDyndd();
    if (dyndd.empty()) {
      missing_[Way::kDyndd] = "no libclang_rt.dyndd (Debian: libclang-rt-22-dev)";
    } else {
      settings_.push_back({Way::kDyndd, plain, {absl::StrCat("LD_PRELOAD=", dyndd)}, true});
    }
    const std::string absl_program = root + "bench/lock_cost_absl.checked";
    AddPeer({Way::kAbslIgnore, absl_program, {"LOCK_COST_ABSL=ignore"}, false});
    AddPeer({Way::kAbslReport, absl_program, {"LOCK_COST_ABSL=report"}, false});
    return absl::OkStatus();
  }

  // False when interrupted.
  bool Measure() {
    const bool progress = isatty(STDERR_FILENO) != 0;
    bool going = true;
    for (int i = 0; i < options_.repetitions && going; ++i) {
      CostRepetition repetition;
      std::set<std::string> done;
      for (const CostRow& row : rows_) {
        if (!done.insert(row.shape).second) continue;
        if (progress) {
          std::fprintf(stderr, "\r\033[Krepetition %d of %d: %s", i + 1, options_.repetitions,
                       row.shape);
        }
        for (const Setting& setting : settings_) {
          going = going && MeasureOne(row, setting, i == 0, repetition);
        }
      }
      if (going) repetitions_.push_back(std::move(repetition));
    }
    if (progress) std::fputs("\r\033[K", stderr);
    return going;
  }

  // What went wrong with Heddle, or with the bare program.
  absl::Status Problem() const {
    for (const CostRepetition& repetition : repetitions_) {
      for (const auto& [phase, ways] : repetition) {
        for (const auto& [way, sample] : ways) {
          if ((way == Way::kBare || way == Way::kHeddle) && !sample.error.empty()) {
            return absl::InternalError(absl::StrCat(phase, ": ", sample.error));
          }
        }
      }
    }
    return absl::OkStatus();
  }

  std::vector<bench::CostSummary> Summaries() const {
    std::vector<bench::CostSummary> summaries;
    for (const CostRow& row : rows_) summaries.push_back(bench::Summarize(row, repetitions_));
    return summaries;
  }
  const bench::Missing& missing() const { return missing_; }
  std::size_t repetitions() const { return repetitions_.size(); }

 private:
  void AddPeer(const Setting& setting) {
    if (fs::exists(setting.program)) {
      settings_.push_back(setting);
    } else {
      missing_[setting.way] = absl::StrCat("no ", setting.program);
    }
  }

  // Counts of Heddle's run that has just ended.
  struct Counts {
    double slow = 0;
    double acquisitions = 0;
  };
  absl::StatusOr<Counts> ReadCounts() const {
    const auto graph = lock_order::GraphReader::Open(graph_);
    if (!graph.ok()) return graph.status();
    const lock_order::GraphInfo& info = (*graph)->graph().info;
    return Counts{static_cast<double>(info.slow_paths), static_cast<double>(info.acquisitions)};
  }

  // False when interrupted.
  bool Run(const Setting& setting, const CostRow& row, long count, CostRun& run) {
    std::error_code ignored;
    fs::remove(graph_, ignored);
    std::string output;
    std::vector<Task> tasks(1);
    tasks[0].command = {"/usr/bin/timeout", "-s", "KILL", kSecondsLimit, "/usr/bin/env"};
    tasks[0].command.insert(tasks[0].command.end(), setting.environment.begin(),
                            setting.environment.end());
    for (const std::string& word : {setting.program, std::string(row.shape), absl::StrCat(count)}) {
      tasks[0].command.push_back(word);
    }
    tasks[0].on_line = [&](const std::string& line) { absl::StrAppend(&output, line, "\n"); };
    tasks[0].on_exit = [&](const ProcessResult& result) {
      absl::StatusOr<CostRun> parsed = bench::ParseCosts(output);
      if (result.status == 0 && parsed.ok()) {
        run = *std::move(parsed);
        return;
      }
      run.clear();
      std::string error = result.status == 137   ? "hangs"
                          : result.status >= 128 ? "crashes"
                                                 : "fails";
      if (setting.way == Way::kBare || setting.way == Way::kHeddle) {
        absl::StrAppend(&error, " with status ", result.status, ": ",
                        result.errors.empty() ? parsed.status().message() : result.errors);
      }
      for (const CostRow& other : bench::CostRows()) {
        if (absl::string_view(other.shape) == row.shape) run[other.phase].error = error;
      }
    };
    return RunTasks(std::move(tasks), 1, nullptr);
  }

  // False when interrupted.
  bool MeasureOne(const CostRow& row, const Setting& setting, bool count_slow,
                  CostRepetition& repetition) {
    long count = row.count;
    if (!row.many) count = count / (setting.slow ? 10 : 1) / (options_.quick ? 10 : 1);
    CostRun run;
    if (!Run(setting, row, count, run)) return false;
    if (setting.way == Way::kHeddle && count_slow && !row.many) {
      // What twice the work adds has been seen before.
      const absl::StatusOr<Counts> once = ReadCounts();
      CostRun again;
      if (!Run(setting, row, 2 * count, again)) return false;
      const absl::StatusOr<Counts> twice = ReadCounts();
      if (once.ok() && twice.ok() && twice->acquisitions > once->acquisitions) {
        run[row.phase].slow = std::max(0.0, twice->slow - once->slow) /
                              (twice->acquisitions - once->acquisitions) * 1e6;
      }
    }
    for (auto& [phase, sample] : run) repetition[phase][setting.way] = std::move(sample);
    return true;
  }

  std::vector<CostRow> rows_;
  LockOrderBenchOptions options_;
  const Scratch directory_{"bench"};
  std::string graph_;
  std::vector<Setting> settings_;
  bench::Missing missing_;
  std::vector<CostRepetition> repetitions_;
};

// Each pattern must be good for something.
absl::StatusOr<std::vector<CostRow>> Select(const std::vector<std::string>& patterns) {
  std::set<std::string> unused(patterns.begin(), patterns.end());
  std::vector<CostRow> rows;
  for (const CostRow& row : bench::CostRows()) {
    bool wanted = patterns.empty();
    for (const std::string& pattern : patterns) {
      if (!absl::StrContains(row.phase, pattern)) continue;
      wanted = true;
      unused.erase(pattern);
    }
    if (wanted) rows.push_back(row);
  }
  if (!unused.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no row of lock_order matches '", *unused.begin(), "'; --list shows them"));
  }
  return rows;
}

}  // namespace

int RunLockOrderBench(const std::vector<std::string>& patterns,
                      const LockOrderBenchOptions& options) {
  const absl::StatusOr<std::vector<CostRow>> rows = Select(patterns);
  if (!rows.ok()) return Fail(kExitUsage, rows.status().message());
  if (options.list) {
    for (const CostRow& row : *rows) std::printf("%s\n", row.phase);
    return kExitOk;
  }
  LockOrderBench lock_order_bench(*rows, options);
  if (const absl::Status status = lock_order_bench.FindSettings(); !status.ok()) {
    return Fail(kExitInternal, status.message());
  }
  const bool finished = lock_order_bench.Measure();
  if (const absl::Status status = lock_order_bench.Problem(); !status.ok()) {
    return Fail(kExitInternal, status.message());
  }
  if (lock_order_bench.repetitions() != 0) {
    const std::vector<bench::CostSummary> summaries = lock_order_bench.Summaries();
    std::printf("%s", CostTable(summaries, lock_order_bench.missing()).c_str());
    if (!options.json.empty()) {
      const absl::Status written =
          WriteFile(options.json, CostJson(summaries, lock_order_bench.missing()));
      if (!written.ok()) return Fail(kExitUsage, written.message());
    }
  }
  if (!finished) {
    std::printf("interrupted after %zu of %d repetitions\n", lock_order_bench.repetitions(),
                options.repetitions);
    return kExitInterrupted;
  }
  return kExitOk;
}

}  // namespace heddle
