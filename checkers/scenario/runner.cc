// SPDX-License-Identifier: Apache-2.0
//
// main() of a scenario binary: one engine, the scenarios linked into it. Each scenario runs in a
// process of its own, so that a crash or a hang is a verdict too.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/description.h"
#include "checkers/scenario/engine.h"
#include "checkers/scenario/isolation.h"
#include "checkers/scenario/outcomes.h"
#include "checkers/scenario/report.h"
#include "checkers/scenario/variant_time.h"
#include "checkers/scenario/verdict.h"

ABSL_FLAG(bool, list, false, "print the names of the scenarios and mutants, and stop");
ABSL_FLAG(bool, help, false, "print this text");
ABSL_FLAG(bool, quiet, false, "print nothing but failures");
ABSL_FLAG(bool, mutants, true, "run mutants too");
ABSL_FLAG(bool, show, false,
          "print the counterexample of every failing verdict, also expected ones");
ABSL_FLAG(std::string, json, "", "append one line of JSON for each verdict to this file");
ABSL_FLAG(std::string, replay, "",
          "run exactly the execution of this counterexample, and print it");
ABSL_FLAG(std::string, counterexamples, "", "directory for counterexample files");
ABSL_FLAG(std::uint64_t, seed, 1, "seed of everything random");
ABSL_FLAG(bool, subjects, false,
          "print a line of JSON about each subject that programs can be run on, and stop");
ABSL_FLAG(
    std::string, program, "",
    "run this program, such as \"initial: push(1) | push(2), pop | pop | final: pop\", on the "
    "subjects that match, instead of the scenarios");

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string FileNameFor(const VerdictRecord& record, absl::string_view kind) {
  return absl::StrCat(absl::StrReplaceAll(FullName(record), {{"/", "-"}}), ".", record.engine,
                      kind);
}

// Judges the outcome against what the scenario expects of this engine.
VerdictRecord Judge(const Scenario& scenario, Outcome outcome, bool site_reached) {
  const EngineInfo engine = ThisEngine();
  const Beyond* const beyond = scenario.beyond_engine(engine.name);
  const VerdictSet expected = beyond != nullptr ? VerdictSet(Verdict::kPass) : scenario.expected;
  VerdictRecord record;
  record.scenario = scenario.name;
  record.primitive = scenario.primitive();
  if (!scenario.mutant.empty()) record.mutant = scenario.mutant;
  record.threads = scenario.threads;
  record.engine = engine.name;
  record.mode = outcome.mode;
  record.executions = outcome.executions;
  record.blocked = outcome.blocked;
  record.complete = outcome.complete;
  record.seconds = outcome.seconds;
  record.verdict = outcome.verdict;
  record.expected = ToString(expected);
  record.reason = std::move(outcome.reason);
  record.detail = std::move(outcome.detail);
  const bool must_fail = !scenario.expected.contains(Verdict::kPass);
  if (engine.samples && must_fail && record.verdict == Verdict::kPass) {
    record.verdict = Verdict::kMissed;
  }
  record.ok = expected.contains(record.verdict) || record.verdict == Verdict::kMissed;
  // Broken code goes wrong on real threads in whatever way comes first: a race that was expected
  // can show as the leak or the crash that follows from it. Exhaustive engines repeat exactly, and
  // are held to the registered verdicts.
  if (engine.samples && must_fail && !record.ok && IsFinding(record.verdict)) {
    record.ok = true;
    record.reason = absl::StrCat("registered as ", record.expected);
  }
  if (!site_reached && record.verdict == Verdict::kMissed) {
    record.reason = "the mutated line did not run";
  } else if (!site_reached && record.verdict != Verdict::kError) {
    record.verdict = Verdict::kError;
    record.ok = false;
    record.reason =
        absl::StrCat("the mutation site \"", *record.mutant, "\" is nowhere in the code that ran");
  } else if (beyond != nullptr) {
    const std::string why(beyond->reason);
    record.reason =
        record.ok ? why
                  : absl::StrCat("said to be beyond ", engine.name, " (", why, "), yet found");
  }
  return record;
}

// Each variant in a process of its own; the first finding is the outcome. One in a mutant is all
// that is asked; shipped code is put through the rest too.
IsolatedOutcome RunVariants(const Scenario& scenario, RunOptions options,
                            std::vector<VariantRecord>& variants, int& left_out) {
  static VariantTime time;  // knows better with each process
  const EngineInfo engine = ThisEngine();
  const std::vector<std::string>& names = engine.variants;
  if (names.empty()) return RunIsolated(scenario, options);
  const double seconds = time.Left(engine.seconds);
  IsolatedOutcome total;
  total.outcome.verdict = Verdict::kPass;
  total.site_reached = false;
  std::set<std::string> reports;  // by their stacks
  const std::vector<std::size_t> chosen =
      time.Choose(names.size(), seconds, scenario.full_name(), options.seed);
  left_out = static_cast<int>(names.size() - chosen.size());
  const auto begin = Clock::now();
  for (std::size_t k = 0; k < chosen.size() && !Interrupted(); ++k) {
    const double left = seconds - Since(begin);
    if (k > 0 && !time.Allows(left)) {
      left_out += static_cast<int>(chosen.size() - k);
      break;
    }
    const std::size_t i = chosen[k];
    options.seconds = time.SecondsOf(chosen.size() - k, left);
    options.variant = static_cast<int>(i);
    const auto start = Clock::now();
    IsolatedOutcome run = RunIsolated(scenario, options);
    time.Add(Since(start) - options.seconds);
    variants.push_back({.name = names[i],
                        .executions = run.outcome.executions,
                        .seconds = run.outcome.seconds,
                        .verdict = run.outcome.verdict});
    if (run.outcome.mode == "skipped") {
      left_out = 0;
      return run;
    }
    if (IsFinding(run.outcome.verdict)) {
      const std::string frames = StackFrames(run.outcome.detail);
      if (reports.insert(frames).second && !frames.empty() && reports.size() > 1) {
        absl::StrAppend(&total.outcome.detail, "\n  under ", names[i],
                        ", another one: ", run.outcome.detail);
      }
    }
    const std::uint64_t executions = total.outcome.executions + run.outcome.executions;
    const double seconds_run = total.outcome.seconds + run.outcome.seconds;
    if (total.outcome.verdict == Verdict::kPass) total.outcome = std::move(run.outcome);
    total.outcome.executions = executions;
    total.outcome.seconds = seconds_run;
    total.site_reached = total.site_reached || run.site_reached;
    if (total.outcome.verdict != Verdict::kPass && !scenario.mutant.empty()) break;
  }
  time.Spent(Since(begin), engine.seconds);
  if (variants.size() < names.size()) {
    total.outcome.mode = absl::StrCat(variants.size(), " of ", names.size(), " modes");
  } else if (total.outcome.mode.empty() || names.size() > 1) {
    total.outcome.mode = absl::StrCat(names.size(), " modes");
  }
  return total;
}

// Prints, stores and judges one scenario.
VerdictRecord Check(const Scenario& scenario, const RunOptions& options) {
  outcomes_internal::Begin(scenario.outcomes);
  std::vector<VariantRecord> variants;
  int left_out = 0;
  IsolatedOutcome run = RunVariants(scenario, options, variants, left_out);
  const std::string state = run.outcome.state;
  const std::string schedule = run.outcome.schedule;
  VerdictRecord record = Judge(scenario, std::move(run.outcome), run.site_reached);
  record.outcomes = outcomes_internal::Collect();
  record.variants = std::move(variants);
  record.variants_left_out = left_out;
  if (ThisEngine().samples) record.seed = options.seed;
  const std::string directory = absl::GetFlag(FLAGS_counterexamples);
  if (!state.empty() && options.replay.empty() && !directory.empty()) {
    const std::string path = absl::StrCat(directory, "/", FileNameFor(record, ".txt"));
    absl::StrAppend(&record.detail, "\nreplay it:  ", options.program, path, "\n");
    Counterexample file{.scenario = record.scenario,
                        .mutant = record.mutant.value_or(""),
                        .engine = record.engine,
                        .mode = record.mode,
                        .verdict = std::string(ToString(record.verdict)),
                        .state = state,
                        .text = record.detail};
    const absl::Status written = WriteCounterexample(path, file);
    if (written.ok()) {
      record.counterexample = path;
    } else {
      std::fprintf(stderr, "heddle: %s\n", std::string(written.message()).c_str());
    }
  }
  if (!schedule.empty() && !directory.empty()) {
    const std::string path = absl::StrCat(directory, "/", FileNameFor(record, ".schedule"));
    const absl::Status written = WriteFile(path, schedule);
    if (written.ok()) {
      record.schedule = path;
    } else {
      std::fprintf(stderr, "heddle: %s\n", std::string(written.message()).c_str());
    }
  }
  return record;
}

int Usage(absl::string_view problem) {
  std::fprintf(stderr, "heddle: %s\n", std::string(problem).c_str());
  return kExitUsage;
}

std::vector<absl::string_view> Flags() {
  std::vector<absl::string_view> names = {
      "list",   "help", "quiet",           "mutants",  "show",   "json",
      "replay", "seed", "counterexamples", "subjects", "program"};
  for (const absl::string_view name :
       {"mode", "max_executions", "time", "jobs", "orders", "record", "explain", "files_in_turns",
        "observe_files", "schedule", "schedules", "noise", "affinity", "waiting", "pressure",
        "apart", "oversubscribe", "threads"}) {
    if (absl::FindCommandLineFlag(name) != nullptr) names.push_back(name);
  }
  return names;
}

// A pattern "=NAME" is the whole name.
bool Matches(const Scenario& scenario, const std::vector<std::string>& patterns) {
  const std::string name = scenario.full_name();
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return pattern[0] == '=' ? name == pattern.substr(1) : absl::StrContains(name, pattern);
         });
}

// The scenarios of this shard, when Bazel runs the test sharded.
bool InShard(std::size_t index) {
  const char* total = std::getenv("TEST_TOTAL_SHARDS");
  const char* mine = std::getenv("TEST_SHARD_INDEX");
  std::size_t shards = 0;
  std::size_t shard = 0;
  if (total == nullptr || mine == nullptr || !absl::SimpleAtoi(total, &shards) ||
      !absl::SimpleAtoi(mine, &shard) || shards == 0) {
    return true;
  }
  return index % shards == shard;
}

void TouchShardStatus() {
  if (const char* path = std::getenv("TEST_SHARD_STATUS_FILE")) {
    if (std::FILE* file = std::fopen(path, "w")) std::fclose(file);
  }
}

// The scenarios to choose from: those that are linked in, or the program that is given, on each
// subject that matches.
absl::StatusOr<std::vector<Scenario>> Scenarios(const std::vector<std::string>& patterns) {
  const std::string program = absl::GetFlag(FLAGS_program);
  if (program.empty()) return RegisteredScenarios();
  std::vector<Scenario> scenarios;
  for (const ProgramSubject& subject : RegisteredSubjects()) {
    Scenario scenario;
    scenario.name = subject.name;
    scenario.mutant = subject.mutant;
    scenario.where = subject.where;
    if (!Matches(scenario, patterns)) continue;
    if (const std::string problem = subject.prepare(program, scenario); !problem.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad program for ", subject.name, ": ", problem));
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

int Replay(const std::string& path, const std::vector<Scenario>& scenarios, RunOptions options) {
  const absl::StatusOr<Counterexample> counterexample = ReadCounterexample(path);
  if (!counterexample.ok()) return Usage(counterexample.status().message());
  if (counterexample->engine != ThisEngine().name) {
    return Usage(absl::StrCat(path, ": made by the engine ", counterexample->engine, ", this is ",
                              ThisEngine().name));
  }
  for (const Scenario& scenario : scenarios) {
    if (scenario.name != counterexample->scenario || scenario.mutant != counterexample->mutant)
      continue;
    options.replay = counterexample->state;
    outcomes_internal::Begin(scenario.outcomes);
    const Outcome outcome = RunIsolated(scenario, options).outcome;
    std::printf("%s\n%s\n", scenario.full_name().c_str(), outcome.detail.c_str());
    if (outcome.verdict == Verdict::kError) return Usage(absl::StrCat(path, ": ", outcome.reason));
    const bool same = ToString(outcome.verdict) == counterexample->verdict;
    std::printf("%s\n", same ? "the replay ends as recorded"
                             : absl::StrCat("the replay ends differently: recorded ",
                                            counterexample->verdict)
                                   .c_str());
    return same ? kExitOk : kExitFound;
  }
  return Usage(absl::StrCat(path, ": no scenario ", counterexample->scenario,
                            counterexample->mutant.empty() ? "" : "~", counterexample->mutant,
                            " here"));
}

int Main(int argc, char** argv) {
  const std::vector<absl::string_view> flags = Flags();
  const auto patterns = ParseCommandLine(std::vector<std::string>(argv + 1, argv + argc), flags);
  if (!patterns.ok()) return Usage(patterns.status().message());
  if (absl::GetFlag(FLAGS_help)) {
    std::printf(
        "usage: %s [PATTERN...] [options]\n\nRuns the scenarios whose name contains a PATTERN "
        "under %s.\n\n%s",
        argv[0], ThisEngine().name.c_str(), FlagHelp(flags).c_str());
    return kExitOk;
  }
  const std::string problem = CheckEngineFlags();
  if (!problem.empty()) return Usage(problem);

  RunOptions options;
  options.seed = absl::GetFlag(FLAGS_seed);
  const char* launcher = std::getenv("HEDDLE_REPLAY_COMMAND");
  options.program = launcher != nullptr ? launcher : absl::StrCat(argv[0], " --replay=");
  if (absl::GetFlag(FLAGS_subjects)) {
    for (const ProgramSubject& subject : RegisteredSubjects()) {
      std::printf("%s\n", subject.description.c_str());
    }
    return kExitOk;
  }
  const absl::StatusOr<std::vector<Scenario>> scenarios = Scenarios(*patterns);
  if (!scenarios.ok()) return Usage(scenarios.status().message());
  if (!absl::GetFlag(FLAGS_replay).empty()) {
    return Replay(absl::GetFlag(FLAGS_replay), *scenarios, options);
  }

  const char* undeclared = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (absl::GetFlag(FLAGS_counterexamples).empty() && undeclared != nullptr) {
    absl::SetFlag(&FLAGS_counterexamples, undeclared);
  }

  std::vector<const Scenario*> chosen;
  for (const Scenario& scenario : *scenarios) {
    if (!absl::GetFlag(FLAGS_mutants) && !scenario.mutant.empty()) continue;
    if (Matches(scenario, *patterns)) chosen.push_back(&scenario);
  }
  if (chosen.empty()) return Usage("no scenario matches");
  if (absl::GetFlag(FLAGS_list)) {
    for (const Scenario* scenario : chosen) std::printf("%s\n", scenario->full_name().c_str());
    return kExitOk;
  }

  std::FILE* json = nullptr;
  const std::string json_path = absl::GetFlag(FLAGS_json);
  if (!json_path.empty()) {
    json = std::fopen(json_path.c_str(), "ae");
    if (json == nullptr)
      return Usage(absl::StrCat("cannot write ", json_path, ": ", std::strerror(errno)));
  }
  CatchInterrupts();

  TouchShardStatus();
  const bool quiet = absl::GetFlag(FLAGS_quiet);
  const auto start = Clock::now();
  std::vector<VerdictRecord> records;
  bool failed = false;
  if (!quiet) std::printf("%s", TableHeader().c_str());
  for (std::size_t i = 0; i < chosen.size() && !Interrupted(); ++i) {
    if (!InShard(i)) continue;
    std::fflush(stdout);
    VerdictRecord record = Check(*chosen[i], options);
    if (Interrupted()) break;
    failed = failed || !record.ok;
    if (!quiet || !record.ok) std::printf("%s", TableRow(record).c_str());
    if (!quiet) std::printf("%s", OutcomeTable(record).c_str());
    if ((!record.ok && !quiet) || absl::GetFlag(FLAGS_show))
      std::printf("\n%s\n", record.detail.c_str());
    if (json != nullptr) {
      std::fprintf(json, "%s\n", ToJson(record).c_str());
      std::fflush(json);
    }
    records.push_back(std::move(record));
  }
  if (!quiet) std::printf("%s", Totals(records, Since(start)).c_str());
  if (json != nullptr && std::fclose(json) != 0)
    return Usage(absl::StrCat("cannot write ", json_path));
  if (const char* xml = std::getenv("XML_OUTPUT_FILE")) {
    if (!WriteFile(xml, JUnit(records)).ok()) return kExitInternal;
  }
  if (Interrupted()) return kExitInterrupted;
  return failed ? kExitFound : kExitOk;
}

}  // namespace
}  // namespace heddle

int main(int argc, char** argv) { return heddle::Main(argc, argv); }
