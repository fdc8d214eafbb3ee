// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/generate.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/generate/description.h"
#include "checkers/generate/program.h"
#include "checkers/generate/random_programs.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/subprocess.h"
#include "tools/heddle/suite.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;
using generate::Program;

// Relacy has no limit of time: about this many executions a second, for the full search and again
// for the bounded one behind it.
constexpr double kRelacyRate = 150'000;
// Programs that one process after the other runs in a second, at most.
constexpr double kFastest = 500;
// What one schedule in many shows wants more attempts, once there is less to try.
constexpr double kSmallerSeconds = 4;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool Samples(absl::string_view engine) { return engine == "stress" || engine == "tsan"; }

// Runs programs of one subject.
class Runner {
 public:
  Runner(const GenerateSubject& subject, const GenerateOptions& options)
      : subject_(subject), options_(options) {}

  // Runs programs in order until `last` says that one is enough, or all have run. False when
  // interrupted, or where a program could not be run: problem() says why.
  // Failures are not explained, which can take longer than to find them.
  bool Run(const std::vector<Program>& programs, double seconds,
           const std::function<bool(const VerdictRecord&)>& last,
           const std::function<void(std::size_t)>& on_tick) {
    records_.clear();
    std::size_t next = 0;
    std::size_t end = programs.size();
    const auto make = [&](Task& task) {
      if (next >= end || !problem_.empty()) return false;
      const std::size_t index = next++;
      task = MakeTask(programs[index], seconds, false, [&, index](VerdictRecord record) {
        // Those before it go on: the first is wanted.
        if (last(record)) end = std::min(end, index + 1);
        records_[index] = std::move(record);
      });
      return true;
    };
    const bool all = RunTasks(make, options_.jobs, [&] {
      if (on_tick) on_tick(records_.size());
    });
    return all && problem_.empty();
  }

  // Runs one program, and explains what it ends with.
  std::optional<VerdictRecord> Explain(const Program& program, double seconds) {
    std::optional<VerdictRecord> explained;
    std::vector<Task> tasks;
    tasks.push_back(MakeTask(program, seconds, true,
                             [&](VerdictRecord record) { explained = std::move(record); }));
    if (!RunTasks(std::move(tasks), 1, nullptr) || !problem_.empty()) return std::nullopt;
    return explained;
  }

  const std::string& problem() const { return problem_; }
  // By program; those behind the last one may be missing.
  const std::map<std::size_t, VerdictRecord>& records() const { return records_; }

  std::string Text(const Program& program) const {
    return generate::FormatProgram(program, subject_.description.actions);
  }

 private:
  Task MakeTask(const Program& program, double seconds, bool explain,
                const std::function<void(VerdictRecord)>& on_record) {
    Task task;
    task.command = {subject_.binary.path, "--quiet", "--json=/dev/stdout",
                    absl::StrCat("--seed=", options_.seed),
                    absl::StrCat("--program=", Text(program))};
    if (subject_.binary.engine == "explore" && !explain) task.command.push_back("--noexplain");
    if (subject_.binary.engine == "relacy") {
      task.command.push_back(absl::StrCat(
          "--max_executions=", static_cast<std::uint64_t>(std::max(1.0, seconds * kRelacyRate))));
    } else {
      task.command.push_back(absl::StrCat("--time=", seconds));
    }
    const std::string& mutant = subject_.description.mutant;
    task.command.push_back(absl::StrCat("=", subject_.description.name, ".generated",
                                        mutant.empty() ? "" : "~", mutant));
    task.on_line = [on_record](const std::string& line) {
      if (auto record = VerdictRecordFromJson(line)) on_record(*std::move(record));
    };
    task.on_exit = [this, text = Text(program)](const ProcessResult& result) {
      if (result.status == kExitOk || result.status == kExitFound ||
          result.status == kExitInterrupted) {
        return;
      }
      problem_ = absl::StrCat(subject_.binary.label, " ended with status ", result.status,
                              " on the program \"", text,
                              "\": ", absl::StripTrailingAsciiWhitespace(result.errors));
    };
    return task;
  }

  const GenerateSubject& subject_;
  const GenerateOptions& options_;
  std::map<std::size_t, VerdictRecord> records_;
  std::string problem_;
};

// The smallest program that fails as `found.record` did. False when interrupted.
bool Shrink(const GenerateSubject& subject, Runner& runner, double seconds, Program program,
            Found& found) {
  const bool samples = Samples(subject.binary.engine);
  const auto same = [&](const VerdictRecord& record) {
    // How broken code fails on real threads is chance.
    return samples ? IsFinding(record.verdict) : record.verdict == found.record.verdict;
  };
  std::map<std::string, bool> fails;  // that were tried
  for (;;) {
    std::vector<Program> smaller = generate::SmallerPrograms(program, subject.description.actions);
    std::erase_if(smaller, [&](const Program& each) { return fails.contains(runner.Text(each)); });
    if (!runner.Run(smaller, seconds, same, nullptr)) return !runner.problem().empty();
    bool moved = false;
    for (const auto& [index, record] : runner.records()) {
      // Those behind it were begun by chance.
      if (moved) break;
      ++found.tried;
      fails[runner.Text(smaller[index])] = same(record);
      if (!same(record)) continue;
      moved = true;
      program = smaller[index];
      found.record = record;
    }
    if (!moved) break;
  }
  found.smallest = runner.Text(program);
  // On real threads it need not fail again.
  auto explained = runner.Explain(program, seconds);
  if (!explained) return !runner.problem().empty();
  if (same(*explained)) found.record = *std::move(explained);
  return true;
}

// What engines may say of the same failure: which of its effects they meet first, and whether they
// know that a wake-up is missing.
constexpr Verdict kAlike[][2] = {{Verdict::kRace, Verdict::kNonlinearizable},
                                 {Verdict::kDeadlock, Verdict::kLostWakeup}};

// "Verdict::kDeadlock | Verdict::kLostWakeup".
std::string Expected(Verdict verdict) {
  const auto name = [](Verdict each) {
    std::string text = "Verdict::k";
    for (const absl::string_view word : absl::StrSplit(std::string(ToString(each)), '_')) {
      absl::StrAppend(&text, std::string(1, absl::ascii_toupper(word[0])), word.substr(1));
    }
    return text;
  };
  for (const auto& [one, other] : kAlike) {
    if (verdict == one || verdict == other) return absl::StrCat(name(one), " | ", name(other));
  }
  return name(verdict);
}

}  // namespace

std::string GenerateSubject::full_name() const {
  return absl::StrCat(description.name, description.mutant.empty() ? "" : "~", description.mutant);
}

std::optional<std::vector<GenerateSubject>> FindSubjects(
    const std::vector<ScenarioBinary>& binaries) {
  std::vector<std::vector<GenerateSubject>> found(binaries.size());
  std::vector<Task> tasks;
  for (std::size_t i = 0; i < binaries.size(); ++i) {
    Task task;
    task.command = {binaries[i].path, "--subjects"};
    task.on_line = [&, i](const std::string& line) {
      if (auto description = generate::DescriptionFromJson(line)) {
        found[i].push_back({.binary = binaries[i], .description = *std::move(description)});
      }
    };
    tasks.push_back(std::move(task));
  }
  if (!RunTasks(std::move(tasks), 4, nullptr)) return std::nullopt;
  std::vector<GenerateSubject> all;
  for (auto& each : found) {
    for (auto& subject : each) all.push_back(std::move(subject));
  }
  std::sort(all.begin(), all.end(), [](const GenerateSubject& a, const GenerateSubject& b) {
    return std::pair(a.full_name(), a.binary.engine) < std::pair(b.full_name(), b.binary.engine);
  });
  // More than one model may register it.
  const auto same = [](const GenerateSubject& a, const GenerateSubject& b) {
    return a.full_name() == b.full_name() && a.binary.engine == b.binary.engine;
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

GenerateResult Generate(const GenerateSubject& subject, const GenerateOptions& options,
                        const std::function<void(int)>& on_tick) {
  const Clock::time_point start = Clock::now();
  GenerateResult result;
  Runner runner(subject, options);
  const auto& actions = subject.description.actions;
  std::vector<Program> programs;
  if (options.program.empty()) {
    int count = options.count;
    if (options.most_seconds > 0) {
      const double most = options.most_seconds * kFastest * static_cast<double>(options.jobs);
      if (most < count) count = std::max(1, static_cast<int>(most));
    }
    programs = generate::RandomPrograms(actions, options.limits, count, options.seed);
  } else {
    Program program;
    result.problem = generate::ReadProgram(options.program, actions, program);
    if (!result.problem.empty()) return result;
    programs.push_back(program);
  }
  // In slices, to keep to the time.
  const std::size_t slice = options.most_seconds > 0 ? 4 * options.jobs : programs.size();
  for (std::size_t from = 0; from < programs.size() && !result.found; from += slice) {
    if (from > 0 && options.most_seconds > 0 && Since(start) > options.most_seconds) break;
    const std::size_t to = std::min(from + slice, programs.size());
    const std::vector<Program> some(programs.begin() + static_cast<std::ptrdiff_t>(from),
                                    programs.begin() + static_cast<std::ptrdiff_t>(to));
    const bool all = runner.Run(
        some, options.seconds,
        [](const VerdictRecord& record) { return IsFinding(record.verdict); },
        [&](std::size_t done) {
          if (on_tick) on_tick(result.programs + static_cast<int>(done));
        });
    for (const auto& [index, record] : runner.records()) {
      ++result.programs;
      result.executions += record.executions;
      if (record.verdict == Verdict::kError) {
        result.problem = absl::StrCat("the program \"", runner.Text(some[index]),
                                      "\" could not be run: ", record.reason, record.detail);
        break;
      }
      if (IsFinding(record.verdict)) {
        result.found = Found{.program = runner.Text(some[index]),
                             .smallest = runner.Text(some[index]),
                             .tried = 0,
                             .record = record};
        break;
      }
      if (!Samples(subject.binary.engine) && !record.complete) ++result.incomplete;
    }
    if (!all) {
      if (result.problem.empty()) result.problem = runner.problem();
      result.interrupted = result.problem.empty();
      break;
    }
    if (!result.problem.empty()) break;
  }
  if (result.found && result.problem.empty() && !result.interrupted) {
    Program program;
    generate::ReadProgram(result.found->program, actions, program);
    const double seconds =
        Samples(subject.binary.engine) ? kSmallerSeconds * options.seconds : options.seconds;
    result.interrupted = !Shrink(subject, runner, seconds, program, *result.found);
    if (result.problem.empty()) result.problem = runner.problem();
  }
  result.seconds = Since(start);
  return result;
}

std::string ScenarioCode(const GenerateSubject& subject, const Found& found) {
  const generate::SubjectDescription& description = subject.description;
  const std::string verdict = Expected(found.record.verdict);
  const std::string program =
      absl::StrCat("HEDDLE_LINEARIZABLE(\"", description.name, ".generated\", ", description.type,
                   ",\n                    \"", found.smallest, "\");\n");
  if (description.mutant.empty()) return program;
  return absl::StrCat(program, "HEDDLE_LINEARIZABLE_MUTANT(\"", description.name, ".generated\", ",
                      description.type, ",\n                           \"", found.smallest,
                      "\",\n                           \"", description.mutant, "\", ", verdict,
                      ");\n");
}

}  // namespace heddle
