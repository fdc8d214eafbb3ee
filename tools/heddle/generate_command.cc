// SPDX-License-Identifier: Apache-2.0
//
// heddle stress --generate.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "checkers/generate/program.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/verdict.h"
#include "tools/heddle/common_flags.h"
#include "tools/heddle/generate.h"
#include "tools/heddle/scenario_runs.h"
#include "tools/heddle/subcommands.h"
#include "tools/heddle/suite.h"

ABSL_DECLARE_FLAG(absl::Duration, duration);
ABSL_DECLARE_FLAG(bool, mutants);
ABSL_FLAG(std::optional<int>, count, std::nullopt,
          "programs for each subject; without it as many as --duration allows, or else 200");
ABSL_FLAG(int, max_threads, 3, "threads of a program");
ABSL_FLAG(int, max_operations, 3, "operations of a thread, before and after the threads");
ABSL_FLAG(int, max_values, 3, "values of an argument");
ABSL_FLAG(double, program_time, 1,
          "seconds for one program; real threads take all of them, other engines what they need");
ABSL_FLAG(std::string, mutant, "", "the mutants of this name instead of the shipped code");
ABSL_FLAG(std::string, program, "",
          "run this program, such as \"initial: push(1) | push(2), pop | pop | final: pop\", "
          "instead of random ones");

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::string_view kFlags[] = {
    "engine", "count",   "seed",    "max_threads", "max_operations", "max_values", "program_time",
    "mutant", "mutants", "program", "duration",    "json",           "help"};

constexpr int kUsualPrograms = 200;
constexpr int kMostPrograms = 100'000;

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitUsage;
}

// What is wrong with the options' values, or "".
std::string CheckFlags() {
  struct Range {
    absl::string_view name;
    int value;
    int least;
    int most;
  };
  for (const Range& range : {
           Range{"count", absl::GetFlag(FLAGS_count).value_or(1), 1, kMostPrograms},
           Range{"max_threads", absl::GetFlag(FLAGS_max_threads), 2,
                 static_cast<int>(generate::kMostThreads)},
           Range{"max_operations", absl::GetFlag(FLAGS_max_operations), 1,
                 static_cast<int>(generate::kMostCalls)},
           Range{"max_values", absl::GetFlag(FLAGS_max_values), 1, generate::kMostValue},
       }) {
    if (range.value < range.least || range.value > range.most) {
      return absl::StrCat("bad value '", range.value, "' for option --", range.name, ": want ",
                          range.least, " to ", range.most);
    }
  }
  if (!(absl::GetFlag(FLAGS_program_time) > 0 && absl::GetFlag(FLAGS_program_time) <= 3600)) {
    return "bad value for option --program_time: want seconds, more than 0 and at most 3600";
  }
  if (absl::GetFlag(FLAGS_duration) <= absl::ZeroDuration()) {
    return "bad value for option --duration: want a time such as 60s, 10m or 8h";
  }
  if (absl::GetFlag(FLAGS_engine).size() > 1) return "programs run in one engine at a time";
  return "";
}

// A pattern "=NAME" is the whole name.
bool Wanted(const GenerateSubject& subject, const std::vector<std::string>& patterns) {
  const std::string& mutant = subject.description.mutant;
  const std::string one = absl::GetFlag(FLAGS_mutant);
  if (!one.empty() ? mutant != one : !mutant.empty() && !absl::GetFlag(FLAGS_mutants)) return false;
  const std::string name = subject.full_name();
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return absl::StartsWith(pattern, "=") ? name == pattern.substr(1)
                                                 : absl::StrContains(name, pattern);
         });
}

std::string CommandFor(const GenerateSubject& subject, const std::string& program) {
  std::string command = absl::StrCat("./heddle stress --generate '=", subject.full_name(),
                                     "' --engine=", subject.binary.engine,
                                     subject.description.mutant.empty() ? "" : " --mutants");
  if (const auto seed = absl::GetFlag(FLAGS_seed); seed != 1) {
    absl::StrAppend(&command, " --seed=", seed);
  }
  if (const double seconds = absl::GetFlag(FLAGS_program_time); seconds != 1) {
    absl::StrAppend(&command, " --program_time=", seconds);
  }
  return absl::StrCat(command, " --program='", program, "'");
}

std::string Row(const GenerateSubject& subject, const GenerateResult& result) {
  const std::string verdict(result.found ? ToString(result.found->record.verdict) : "nothing");
  std::string row = absl::StrFormat("%-50s %-8s %8d %12d %8.1f  %s", subject.full_name(),
                                    subject.binary.engine, result.programs, result.executions,
                                    result.seconds, result.problem.empty() ? verdict : "problem");
  if (result.found) absl::StrAppend(&row, ": ", result.found->smallest);
  if (result.incomplete > 0) absl::StrAppend(&row, " (", result.incomplete, " not to the end)");
  return absl::StrCat(row, "\n");
}

std::string Explained(const GenerateSubject& subject, const Found& found) {
  std::string text = absl::StrCat("\n  program   ", found.program, "\n  smallest  ", found.smallest,
                                  "  (", found.tried, " others tried)\n\n");
  for (const absl::string_view line : absl::StrSplit(found.record.detail, '\n')) {
    absl::StrAppend(&text, line.empty() ? "" : "  ", line, "\n");
  }
  return absl::StrCat(text, "  run it again:  ", CommandFor(subject, found.smallest),
                      "\n  as a scenario, for ", subject.description.model, ":\n\n",
                      ScenarioCode(subject, found), "\n");
}

std::string Json(const GenerateSubject& subject, const GenerateResult& result) {
  nlohmann::json json = {{"subject", subject.description.name},
                         {"mutant", nullptr},
                         {"engine", subject.binary.engine},
                         {"seed", absl::GetFlag(FLAGS_seed)},
                         {"programs", result.programs},
                         {"incomplete", result.incomplete},
                         {"executions", result.executions},
                         {"seconds", result.seconds},
                         {"verdict", result.problem.empty() ? "pass" : "error"},
                         {"program", nullptr},
                         {"smallest", nullptr},
                         {"command", nullptr},
                         {"code", nullptr},
                         {"reason", result.problem},
                         {"detail", ""}};
  if (!subject.description.mutant.empty()) json["mutant"] = subject.description.mutant;
  if (result.found) {
    json["verdict"] = ToString(result.found->record.verdict);
    json["program"] = result.found->program;
    json["smallest"] = result.found->smallest;
    json["command"] = CommandFor(subject, result.found->smallest);
    json["code"] = ScenarioCode(subject, *result.found);
    json["detail"] = result.found->record.detail;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

GenerateOptions OptionsFromFlags(absl::string_view engine) {
  GenerateOptions options;
  options.limits = {.threads = absl::GetFlag(FLAGS_max_threads),
                    .operations = absl::GetFlag(FLAGS_max_operations),
                    .values = absl::GetFlag(FLAGS_max_values)};
  const bool timed = absl::GetFlag(FLAGS_duration) != absl::InfiniteDuration();
  options.count = absl::GetFlag(FLAGS_count).value_or(timed ? kMostPrograms : kUsualPrograms);
  options.seed = absl::GetFlag(FLAGS_seed);
  options.seconds = absl::GetFlag(FLAGS_program_time);
  options.program = absl::GetFlag(FLAGS_program);
  // Real threads want the machine.
  if (engine == "explore" || engine == "relacy") {
    options.jobs = std::max(1U, std::thread::hardware_concurrency());
  }
  return options;
}

struct Sums {
  int subjects = 0;
  int programs = 0;
  int mutants = 0;
  int found_mutants = 0;
  int found = 0;  // in shipped code
  int problems = 0;
};

}  // namespace

int RunGenerate(const std::vector<std::string>& arguments) {
  absl::SetFlag(&FLAGS_duration, absl::InfiniteDuration());
  absl::SetFlag(&FLAGS_engine, {"explore"});
  const auto patterns = ParseCommandLine(arguments, kFlags);
  if (!patterns.ok()) return Usage(patterns.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    std::printf(
        "usage: heddle stress --generate [PATTERN...] [options]\n\nMakes random programs for the "
        "subjects whose name contains a PATTERN, runs them in\none engine (explore, unless "
        "--engine says relacy, stress or tsan), and shrinks what fails.\nWithout --duration it "
        "takes as long as it takes.\n\n%s",
        FlagHelp(kFlags).c_str());
    return kExitOk;
  }
  if (const std::string problem = CheckFlags(); !problem.empty()) return Usage(problem);
  if (const absl::Status status = CheckWritable(absl::GetFlag(FLAGS_json)); !status.ok()) {
    return Usage(status.message());
  }
  absl::StatusOr<std::vector<ScenarioBinary>> suite = LoadSuite();
  if (!suite.ok()) {
    std::fprintf(stderr, "heddle: %s\n", std::string(suite.status().message()).c_str());
    return kExitInternal;
  }
  if (const absl::Status status = KeepEngines(absl::GetFlag(FLAGS_engine), *suite); !status.ok()) {
    return Usage(status.message());
  }
  auto subjects = FindSubjects(*suite);
  if (!subjects) return kExitInterrupted;
  std::erase_if(*subjects, [&](const GenerateSubject& each) { return !Wanted(each, *patterns); });
  if (subjects->empty()) {
    return Usage(absl::StrCat("no subject matches ", absl::StrJoin(*patterns, " "),
                              absl::GetFlag(FLAGS_mutant).empty() ? "" : " with that mutant"));
  }
  for (const GenerateSubject& subject : *subjects) {
    generate::Program program;
    const std::string text = absl::GetFlag(FLAGS_program);
    if (text.empty()) break;
    const std::string problem = generate::ReadProgram(text, subject.description.actions, program);
    if (!problem.empty()) {
      return Usage(absl::StrCat("bad program for ", subject.full_name(), ": ", problem));
    }
  }

  const Clock::time_point start = Clock::now();
  const absl::Duration duration = absl::GetFlag(FLAGS_duration);
  std::printf("%-50s %-8s %8s %12s %8s  %s\n", "subject", "engine", "programs", "executions",
              "seconds", "found");
  std::string lines;
  Sums totals;
  bool interrupted = false;
  for (std::size_t i = 0; i < subjects->size() && !interrupted; ++i) {
    const GenerateSubject& subject = (*subjects)[i];
    GenerateOptions options = OptionsFromFlags(subject.binary.engine);
    if (duration != absl::InfiniteDuration()) {
      const double left = absl::ToDoubleSeconds(duration) -
                          std::chrono::duration<double>(Clock::now() - start).count();
      options.most_seconds = std::max(0.1, left / static_cast<double>(subjects->size() - i));
    }
    Progress progress(static_cast<std::size_t>(options.count));
    int shown = 0;
    const GenerateResult result = Generate(subject, options, [&](int done) {
      for (; shown < done; ++shown) progress.Done();
      progress.Show();
    });
    progress.Clear();
    interrupted = result.interrupted;
    std::printf("%s", Row(subject, result).c_str());
    const bool mutant = !subject.description.mutant.empty();
    if (result.found && (!mutant || subjects->size() == 1 || !absl::GetFlag(FLAGS_mutants))) {
      std::printf("%s", Explained(subject, *result.found).c_str());
    }
    std::fflush(stdout);
    absl::StrAppend(&lines, Json(subject, result), "\n");
    if (!result.problem.empty()) {
      std::fprintf(stderr, "heddle: %s\n", result.problem.c_str());
      ++totals.problems;
    }
    ++totals.subjects;
    totals.programs += result.programs;
    totals.mutants += mutant ? 1 : 0;
    if (result.found) ++(mutant ? totals.found_mutants : totals.found);
  }
  const int shipped = totals.subjects - totals.mutants;
  const auto counted = [](int number, std::string_view what) {
    return Counted(static_cast<std::uint64_t>(number), what);
  };
  std::printf("\n%s, %s; found in %d of %d\n", counted(shipped, "subject").c_str(),
              counted(totals.programs, "program").c_str(), totals.found, shipped);
  if (totals.mutants > 0) {
    std::printf("mutants: found %d of %d\n", totals.found_mutants, totals.mutants);
  }
  if (const std::string path = absl::GetFlag(FLAGS_json); !path.empty()) {
    if (const absl::Status status = WriteFile(path, lines); !status.ok()) {
      return Usage(status.message());
    }
  }
  if (interrupted) return kExitInterrupted;
  if (totals.problems > 0) return kExitInternal;
  return totals.found > 0 ? kExitFound : kExitOk;
}

}  // namespace heddle
