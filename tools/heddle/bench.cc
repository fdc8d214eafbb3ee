// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "tools/heddle/bench_comparison.h"
#include "tools/heddle/bench_explorer.h"
#include "tools/heddle/bench_lock_order.h"
#include "tools/heddle/common_flags.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

ABSL_FLAG(int, repetitions, 9, "how often each row is measured");
ABSL_FLAG(double, min_time, 0.05, "seconds that a row is measured for, in each repetition");
ABSL_FLAG(bool, list, false, "list the rows and their references, and measure nothing");
ABSL_FLAG(std::string, genmc, "", "of explorer: GenMC's program, to measure beside ours");
ABSL_FLAG(bool, quick, false, "a third of the repetitions and a tenth of the work: a first look");

// Shared with other subcommands.

namespace heddle {
namespace {

using bench::Comparison;
using bench::Pair;
using bench::Repetition;

constexpr absl::string_view kFlags[] = {"repetitions", "min_time", "quick", "json",
                                        "genmc",       "list",     "help"};

struct Binary {
  std::string path;
  std::vector<Pair> pairs;
};

int Fail(int status, absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return status;
}

absl::StatusOr<std::vector<Binary>> FindBinaries() {
  const std::string directory = absl::StrCat(RunfilesRoot(), "heddle/stress/bench");
  std::vector<Binary> binaries;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file() && entry.path().filename().string().ends_with("_bench")) {
      binaries.push_back({entry.path().string(), {}});
    }
  }
  if (binaries.empty()) return absl::NotFoundError(absl::StrCat("no benchmarks in ", directory));
  std::sort(binaries.begin(), binaries.end(),
            [](const Binary& a, const Binary& b) { return a.path < b.path; });
  return binaries;
}

std::string Died(const std::string& path, const ProcessResult& result) {
  return absl::StrCat(path, " ended with status ", result.status, ": ", result.errors);
}

// Asks each binary for its pairs, and keeps those of which the row or its reference contains a
// pattern. Each pattern must be good for something.
absl::Status Select(const std::vector<std::string>& patterns, std::vector<Binary>& binaries) {
  std::set<std::string> unused(patterns.begin(), patterns.end());
  std::string problem;
  std::vector<Task> tasks;
  for (Binary& binary : binaries) {
    Task task;
    task.command = {binary.path, "--pairs"};
    task.on_line = [&](const std::string& line) {
      const std::vector<std::string> names = absl::StrSplit(line, '\t');
      if (names.size() != 2) {
        problem = absl::StrCat(binary.path, ": bad line: ", line);
        return;
      }
      bool wanted = patterns.empty();
      for (const std::string& pattern : patterns) {
        if (names[0].find(pattern) == std::string::npos &&
            names[1].find(pattern) == std::string::npos) {
          continue;
        }
        wanted = true;
        unused.erase(pattern);
      }
      if (wanted) binary.pairs.push_back({.row = names[0], .reference = names[1]});
    };
    task.on_exit = [&](const ProcessResult& result) {
      if (result.status != 0) problem = Died(binary.path, result);
    };
    tasks.push_back(std::move(task));
  }
  if (!RunTasks(std::move(tasks), 1, nullptr)) return absl::CancelledError();
  if (!problem.empty()) return absl::InternalError(problem);
  if (!unused.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no benchmark matches '", *unused.begin(), "'; --list shows them"));
  }
  return absl::OkStatus();
}

// A regular expression for exactly these rows, with whatever Google Benchmark adds to a name.
std::string Filter(const std::vector<Pair>& pairs) {
  std::set<std::string> names;
  for (const Pair& pair : pairs) {
    for (const std::string& name : {pair.row, pair.reference}) {
      std::string escaped;
      for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '/' && c != ':') {
          escaped += '\\';
        }
        escaped += c;
      }
      names.insert(escaped);
    }
  }
  return absl::StrCat("--benchmark_filter=^(", absl::StrJoin(names, "|"), ")(/iterations:.*)?$");
}

// False when interrupted.
bool Measure(const std::vector<Binary>& binaries, int count, double seconds,
             std::vector<Repetition>& repetitions, absl::Status& status) {
  const bool progress = isatty(STDERR_FILENO) != 0;
  for (int i = 0; i < count && status.ok(); ++i) {
    Repetition repetition;
    for (const Binary& binary : binaries) {
      if (binary.pairs.empty() || !status.ok()) continue;
      if (progress) {
        std::fprintf(stderr, "\r\033[Krepetition %d of %d: %s", i + 1, count,
                     std::filesystem::path(binary.path).filename().c_str());
      }
      std::string output;
      std::vector<Task> tasks(1);
      tasks[0].command = {binary.path,
                          Filter(binary.pairs),
                          "--benchmark_format=json",
                          "--benchmark_enable_random_interleaving=true",
                          absl::StrCat("--benchmark_min_time=", seconds),
                          absl::StrCat("--seconds=", seconds)};
      tasks[0].on_line = [&](const std::string& line) { absl::StrAppend(&output, line, "\n"); };
      tasks[0].on_exit = [&](const ProcessResult& result) {
        status = result.status == 0 ? bench::AddResults(output, repetition)
                                    : absl::InternalError(Died(binary.path, result));
      };
      if (!RunTasks(std::move(tasks), 1, nullptr)) {
        if (progress) std::fputs("\r\033[K", stderr);
        return false;
      }
    }
    repetitions.push_back(std::move(repetition));
  }
  if (progress) std::fputs("\r\033[K", stderr);
  return true;
}

int List(const std::vector<Binary>& binaries) {
  for (const Binary& binary : binaries) {
    for (const Pair& pair : binary.pairs) {
      std::printf("%-50s %s\n", pair.row.c_str(), pair.reference.c_str());
    }
  }
  return kExitOk;
}

int ExitStatus(const absl::Status& status) {
  if (absl::IsCancelled(status)) return kExitInterrupted;
  return Fail(absl::IsInvalidArgument(status) ? kExitUsage : kExitInternal, status.message());
}

// Whether the file can be written, found out before minutes of work.
bool Writable(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return false;
  std::fclose(file);
  return true;
}

}  // namespace

int RunBench(const std::vector<std::string>& arguments) {
  const absl::StatusOr<std::vector<std::string>> patterns = ParseCommandLine(arguments, kFlags);
  if (!patterns.ok()) return Fail(kExitUsage, patterns.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    std::printf(
        "usage: heddle bench [PATTERN...] [options]\n"
        "       heddle bench lock_order [PATTERN...] [options]\n"
        "       heddle bench explorer [PATTERN...] [options]\n\n"
        "Measures the rows that contain a PATTERN, or whose reference does, each against its "
        "reference.\nThe second form measures what the lock-order analyzer costs, beside "
        "others; the third how fast the\nexplorer is, beside Relacy and GenMC.\n\n%s",
        FlagHelp(kFlags).c_str());
    return kExitOk;
  }
  int count = absl::GetFlag(FLAGS_repetitions);
  double min_time = absl::GetFlag(FLAGS_min_time);
  const bool quick = absl::GetFlag(FLAGS_quick);
  const std::string json = absl::GetFlag(FLAGS_json);
  if (count < 1) return Fail(kExitUsage, "option --repetitions must be at least 1");
  if (!(min_time > 0 && min_time <= 3600)) {
    return Fail(kExitUsage, "option --min_time must be above 0 and at most 3600 seconds");
  }
  if (quick) {
    count = (count + 2) / 3;
    min_time /= 10;
  }
  if (!patterns->empty() && patterns->front() == "lock_order") {
    if (!json.empty() && !Writable(json)) {
      return Fail(kExitUsage, absl::StrCat("cannot write ", json));
    }
    return RunLockOrderBench(
        {patterns->begin() + 1, patterns->end()},
        {.repetitions = count, .quick = quick, .list = absl::GetFlag(FLAGS_list), .json = json});
  }

  const std::string genmc = absl::GetFlag(FLAGS_genmc);
  if (!patterns->empty() && patterns->front() == "explorer") {
    if (!json.empty() && !Writable(json)) {
      return Fail(kExitUsage, absl::StrCat("cannot write ", json));
    }
    return RunExplorerBench({patterns->begin() + 1, patterns->end()},
                            {.repetitions = count,
                             .quick = quick,
                             .list = absl::GetFlag(FLAGS_list),
                             .json = json,
                             .genmc = genmc});
  }
  if (!genmc.empty()) return Fail(kExitUsage, "option --genmc is for heddle bench explorer");

  absl::StatusOr<std::vector<Binary>> binaries = FindBinaries();
  if (!binaries.ok()) return Fail(kExitInternal, binaries.status().message());
  if (const absl::Status status = Select(*patterns, *binaries); !status.ok()) {
    return ExitStatus(status);
  }
  if (absl::GetFlag(FLAGS_list)) return List(*binaries);
  if (!json.empty() && !Writable(json)) {
    return Fail(kExitUsage, absl::StrCat("cannot write ", json));
  }

  std::vector<Repetition> repetitions;
  absl::Status status;
  const bool finished = Measure(*binaries, count, min_time, repetitions, status);
  // Interrupted binaries end with a status, too.
  if (finished && !status.ok()) return ExitStatus(status);
  std::vector<Comparison> comparisons;
  for (const Binary& binary : *binaries) {
    for (const Pair& pair : binary.pairs) comparisons.push_back(Compare(pair, repetitions));
  }
  if (!repetitions.empty()) {
    std::printf("%s", Table(comparisons).c_str());
    if (!json.empty()) {
      const absl::Status written = WriteFile(json, Json(comparisons, repetitions));
      if (!written.ok()) return Fail(kExitUsage, written.message());
    }
  }
  if (!finished) {
    std::printf("interrupted after %zu of %d repetitions\n", repetitions.size(), count);
    return kExitInterrupted;
  }
  return kExitOk;
}

}  // namespace heddle
