// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/matrix/run_matrix.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/subprocess.h"

namespace heddle::lock_order {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::string_view kDirectory = "heddle/checkers/lock_order/matrix/";

// "steps": several runs of `heddle lockorder`, one after the other.
std::vector<absl::string_view> WaysOf(const MatrixEntry& entry, const MatrixOptions& options) {
  std::vector<absl::string_view> ways = {"preload", "linked"};
  if (!entry.ways.empty()) ways = {entry.ways.begin(), entry.ways.end()};
  if (!entry.steps.empty()) ways = {"steps"};
  std::erase_if(ways, [&options](absl::string_view way) {
    return !options.ways.empty() &&
           std::find(options.ways.begin(), options.ways.end(), way) == options.ways.end();
  });
  return ways;
}

// A program that is still there after so many seconds is stuck, and the analyzer did not end it.
constexpr int kTimeLimit = 60;

// What a program with such a finding is, in the vocabulary of verdicts.
Verdict VerdictOf(const std::vector<std::string>& findings) {
  if (findings.empty()) return Verdict::kPass;
  const std::string& first = findings.front();
  if (first == "unlock_not_held") return Verdict::kBadUnlock;
  if (first == "destroy_held" || first == "free_held") return Verdict::kDestroyedInUse;
  if (absl::StartsWith(first, "assert_") || first == "level" || first == "enforce" ||
      first == "blocking_call") {
    return Verdict::kAssertion;
  }
  return Verdict::kDeadlock;
}

std::string NameOf(const MatrixEntry& entry) {
  if (!entry.steps.empty()) {
    return absl::StrCat("lock_order/", entry.row, entry.findings.empty() ? "_silent" : "_reported");
  }
  std::string name = absl::StrCat("lock_order/", entry.program);
  for (const std::string& argument : entry.arguments) absl::StrAppend(&name, "(", argument, ")");
  return name;
}

bool Matches(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return absl::StrContains(name, pattern); });
}

absl::StatusOr<std::vector<MatrixEntry>> Select(const MatrixOptions& options) {
  const absl::StatusOr<std::string> json =
      ReadFile(absl::StrCat(options.runfiles, kDirectory, "rows.json"));
  if (!json.ok()) return json.status();
  absl::StatusOr<std::vector<MatrixEntry>> entries = ParseRows(*json);
  if (!entries.ok()) return entries.status();
  std::erase_if(*entries, [&](const MatrixEntry& entry) {
    return !Matches(NameOf(entry), options.patterns);
  });
  return entries;
}

std::string Shown(const std::vector<std::string>& findings) {
  return findings.empty() ? "nothing" : absl::StrJoin(findings, ", ");
}

// Runs one program in one way, and compares.
class Run {
 public:
  Run(const MatrixEntry& entry, absl::string_view way, const MatrixOptions& options,
      const std::string& scratch)
      : entry_(entry),
        options_(options),
        scratch_(scratch),
        report_(absl::StrCat(scratch, "/report.json")) {
    record_.scenario = NameOf(entry);
    record_.primitive = absl::StrCat("lock_order/", entry.row);
    record_.engine = "lockorder";
    record_.mode = std::string(way);
    record_.threads = 0;
    record_.executions = 1;
    record_.expected = std::string(ToString(VerdictOf(entry.findings)));
  }

  // What to run, in order. The next one is run if more().
  Task MakeTask() {
    Task task;
    task.command = {"/usr/bin/env"};
    const std::string directory = absl::StrCat(options_.runfiles, kDirectory);
    if (!entry_.steps.empty()) {
      AppendLimit(task.command);
      Append(options_.lockorder, task.command);
      for (const std::string& word : entry_.steps[step_]) {
        task.command.push_back(absl::StrReplaceAll(
            word, {{"{program}", absl::StrCat(directory, "programs/", entry_.program)},
                   {"{report}", report_},
                   {"{scratch}", scratch_}}));
      }
    } else {
      std::vector<std::string> settings = entry_.options;
      for (std::string& setting : settings) {
        setting = absl::StrReplaceAll(setting, {{"{data}", directory}});
      }
      if (record_.mode == "linked") {
        settings.push_back(absl::StrCat("json=", report_));
        task.command.push_back(absl::StrCat("HEDDLE_LOCKORDER_WATCHER=", options_.watcher));
      }
      task.command.push_back(
          absl::StrCat("HEDDLE_LOCKORDER_OPTIONS=", absl::StrJoin(settings, ":")));
      AppendLimit(task.command);
      if (record_.mode == "preload") {
        Append(options_.lockorder, task.command);
        Append({absl::StrCat("--json=", report_), "--"}, task.command);
      }
      task.command.push_back(absl::StrCat(
          directory, record_.mode == "linked" ? "linked/" : "programs/", entry_.program));
      Append(entry_.arguments, task.command);
    }
    ++step_;
    task.on_exit = [this](const ProcessResult& result) { End(result); };
    return task;
  }

  bool more() const { return more_; }
  const VerdictRecord& record() const { return record_; }

 private:
  // Ends whatever the program has started too.
  static void AppendLimit(std::vector<std::string>& command) {
    Append({"timeout", "--signal=KILL", absl::StrCat(kTimeLimit)}, command);
  }
  static void Append(const std::vector<std::string>& words, std::vector<std::string>& command) {
    command.insert(command.end(), words.begin(), words.end());
  }

  void End(const ProcessResult& result) {
    if (step_ >= entry_.steps.size()) {
      more_ = false;
      return Judge(result);
    }
    if (result.status == 0) return;
    more_ = false;
    record_.detail = result.errors;
    Error(absl::StrCat("step ", step_, " ended with status ", result.status));
  }

  void Judge(const ProcessResult& result) {
    record_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    record_.complete = true;
    record_.detail = absl::StrCat(entry_.claim, "\n", result.errors);
    // Linked in, each process has a report of its own: further ones are FILE.PID.
    std::vector<std::string> found;
    bool reported = false;
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator(scratch_, ignored)) {
      if (!absl::StartsWith(file.path().string(), report_)) continue;
      const absl::StatusOr<std::string> report = ReadFile(file.path().string());
      if (!report.ok()) return Error(std::string(report.status().message()));
      const absl::StatusOr<std::vector<std::string>> kinds = FindingsOf(*report);
      if (!kinds.ok()) return Error(std::string(kinds.status().message()));
      found.insert(found.end(), kinds->begin(), kinds->end());
      reported = true;
    }
    if (!reported && !entry_.findings.empty()) {
      return Error(absl::StrCat("no report; the status was ", result.status));
    }
    std::sort(found.begin(), found.end());
    for (const auto& file : std::filesystem::directory_iterator(scratch_, ignored)) {
      std::filesystem::remove_all(file.path(), ignored);
    }
    record_.verdict = VerdictOf(found);
    if (found != entry_.findings) {
      record_.reason = absl::StrCat("found ", Shown(found), " instead of ", Shown(entry_.findings));
      // A wrong kind of finding may have the right verdict all the same.
      if (ToString(record_.verdict) == record_.expected) record_.verdict = Verdict::kError;
      return;
    }
    if (result.status != entry_.status) {
      return Error(absl::StrCat("exit status ", result.status, " instead of ", entry_.status));
    }
    record_.ok = true;
  }

  void Error(std::string reason) {
    record_.verdict = Verdict::kError;
    record_.reason = std::move(reason);
  }

  const MatrixEntry& entry_;
  const MatrixOptions& options_;
  const std::string scratch_;
  const std::string report_;
  VerdictRecord record_;
  std::size_t step_ = 0;
  bool more_ = true;
  const Clock::time_point start_ = Clock::now();
};

int Internal(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitInternal;
}

}  // namespace

absl::StatusOr<std::vector<MatrixEntry>> ParseRows(absl::string_view json) {
  std::vector<MatrixEntry> entries;
  const nlohmann::json document =
      nlohmann::json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (!document.is_array()) return absl::InternalError("rows.json is not an array");
  std::map<std::string, std::set<bool>> answers;
  try {
    for (const nlohmann::json& object : document) {
      MatrixEntry entry;
      entry.row = object.at("row");
      entry.program = object.at("program");
      if (object.contains("steps")) {
        entry.steps = object.at("steps");
      } else {
        entry.arguments = object.at("arguments");
        entry.options = object.at("options");
        if (object.contains("ways")) entry.ways = object.at("ways");
      }
      entry.claim = object.at("claim");
      entry.findings = object.at("findings");
      entry.status = object.at("status");
      std::sort(entry.findings.begin(), entry.findings.end());
      answers[entry.row].insert(entry.findings.empty());
      entries.push_back(std::move(entry));
    }
  } catch (const nlohmann::json::exception& error) {
    return absl::InternalError(absl::StrCat("rows.json: ", error.what()));
  }
  for (const auto& [row, both] : answers) {
    if (both.size() != 2) {
      return absl::InternalError(absl::StrCat("rows.json: row ", row, " tells one side only"));
    }
  }
  return entries;
}

absl::StatusOr<std::vector<std::string>> FindingsOf(absl::string_view report) {
  std::vector<std::string> kinds;
  const nlohmann::json document =
      nlohmann::json::parse(report.begin(), report.end(), nullptr, /*allow_exceptions=*/false);
  try {
    for (const nlohmann::json& finding : document.at("findings")) {
      kinds.push_back(finding.at("kind"));
    }
  } catch (const nlohmann::json::exception& error) {
    return absl::InternalError(absl::StrCat("the report: ", error.what()));
  }
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

absl::StatusOr<std::size_t> CountMatrix(const MatrixOptions& options) {
  const absl::StatusOr<std::vector<MatrixEntry>> entries = Select(options);
  if (!entries.ok()) return entries.status();
  std::size_t count = 0;
  for (const MatrixEntry& entry : *entries) count += WaysOf(entry, options).size();
  return count;
}

int RunMatrix(const MatrixOptions& options) {
  const absl::StatusOr<std::vector<MatrixEntry>> entries = Select(options);
  if (!entries.ok()) return Internal(entries.status().message());
  std::string scratch = (std::filesystem::temp_directory_path() / "heddle_matrix.XXXXXX").string();
  if (mkdtemp(scratch.data()) == nullptr) return Internal(absl::StrCat("cannot create ", scratch));

  bool all_ok = true;
  bool finished = true;
  for (const MatrixEntry& entry : *entries) {
    for (const absl::string_view way : WaysOf(entry, options)) {
      Run run(entry, way, options, scratch);
      while (finished && run.more()) {
        std::vector<Task> tasks;
        tasks.push_back(run.MakeTask());
        finished = RunTasks(std::move(tasks), 1, nullptr);
      }
      if (!finished) break;
      all_ok = all_ok && run.record().ok;
      if (options.on_verdict) options.on_verdict(run.record());
    }
    if (!finished) break;
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  if (!finished) return kExitInterrupted;
  return all_ok ? kExitOk : kExitFound;
}

}  // namespace heddle::lock_order
