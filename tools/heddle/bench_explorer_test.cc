// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench_explorer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/explorer_cost.h"

namespace heddle {
namespace {

using bench::ExplorerRepetition;
using bench::ExplorerRow;
using bench::ExplorerSample;
using bench::ExplorerSummary;

constexpr ExplorerRow kRow{"ticket", 5, "locks", "Ticket", 0.25, 1000, 10};

ExplorerRepetition Of(double one, double two, std::uint64_t blocked = 0) {
  ExplorerRepetition repetition;
  repetition.one = {.complete = 2000,
                    .blocked = blocked,
                    .seconds = one,
                    .processor = one,
                    .mebibytes = 5,
                    .error = ""};
  repetition.two = repetition.one;
  repetition.two.seconds = two;
  return repetition;
}

TEST(SummarizeExplorerTest, SpeedupIsThatOfEachRepetition) {
  const ExplorerSummary summary =
      SummarizeExplorer(kRow, {Of(1, 0.5), Of(2, 2), Of(3, 2), Of(4, 1), Of(3, 1)});
  EXPECT_EQ(summary.error, "");
  EXPECT_DOUBLE_EQ(summary.seconds.median, 3);
  EXPECT_DOUBLE_EQ(summary.speedup.median, 2);
  EXPECT_EQ(summary.counts.complete, 2000U);
}

TEST(SummarizeExplorerTest, DifferentCountsAreAnError) {
  ExplorerRepetition repetition = Of(1, 1);
  repetition.two.complete = 1999;
  EXPECT_EQ(SummarizeExplorer(kRow, {repetition}).error,
            "two processes count something else than one");
  EXPECT_EQ(SummarizeExplorer(kRow, {}).error, "not measured");
}

TEST(ExplorerTableTest, SaysWhichTargetIsMissed) {
  const auto table = [](const ExplorerRepetition& repetition) {
    return bench::ExplorerTable({SummarizeExplorer(kRow, {repetition})});
  };
  EXPECT_EQ(table(Of(1.5, 0.8)).find("misses"), std::string::npos);
  EXPECT_NE(table(Of(1.5, 0.9)).find("  misses: jobs\n"), std::string::npos);
  EXPECT_NE(table(Of(3, 1)).find("  misses: rate\n"), std::string::npos);
  EXPECT_NE(table(Of(1.5, 0.8, 501)).find("  misses: blocked\n"), std::string::npos);
  // What is over soon need not be faster with two processes.
  EXPECT_EQ(table(Of(0.9, 1.2)).find("misses"), std::string::npos);
}

ExplorerRepetition WithGenmc(double processor, const std::string& error = "") {
  ExplorerRepetition repetition = Of(0.5, 0.3);
  repetition.genmc = ExplorerSample{.complete = 120,
                                    .blocked = 7,
                                    .seconds = 60,
                                    .processor = processor,
                                    .mebibytes = 0,
                                    .error = error};
  return repetition;
}

TEST(ExplorerTableTest, ShowsGenmcWhereItWasRun) {
  const auto table = [](const std::vector<ExplorerRepetition>& repetitions) {
    return bench::ExplorerTable({SummarizeExplorer(kRow, repetitions)});
  };
  EXPECT_EQ(table({Of(0.5, 0.3)}).find("GenMC"), std::string::npos);
  // The last repetition has none of it: it has had time enough.
  const std::string three = table({WithGenmc(9), WithGenmc(5), WithGenmc(4), Of(0.5, 0.3)});
  EXPECT_NE(three.find("|       120        7      5.00    10.0   157.5\n"), std::string::npos)
      << three;
  EXPECT_NE(table({WithGenmc(4)}).find("     8.0   126.0  misses: ratio\n"), std::string::npos);
  // Nothing but its start.
  EXPECT_NE(table({WithGenmc(0.01)}).find("      0.01       -       -\n"), std::string::npos);
  const std::string failed = table({WithGenmc(0, "over 300 s")});
  EXPECT_NE(failed.find("| over 300 s\n"), std::string::npos) << failed;
}

TEST(ExplorerTableTest, WhatIsOverAtOnceHasNoEndlessRate) {
  const ExplorerSummary summary = SummarizeExplorer(kRow, {Of(0, 0.1)});
  EXPECT_NE(bench::ExplorerTable({summary}).find("  2000000 "), std::string::npos);
}

TEST(MemoryTableTest, SaysWhetherItGrows) {
  EXPECT_EQ(bench::MemoryTable({{10, 5.0}, {1000, 5.1}}),
            "peak memory: 10 executions 5.0 MiB, 1000 executions 5.1 MiB\n");
  EXPECT_NE(bench::MemoryTable({{10, 5.0}, {1000, 6.0}}).find("misses the target: no growth"),
            std::string::npos);
}

TEST(ParseGenmcTest, ReadsItsSummary) {
  const auto sample = bench::ParseGenmc(
      "*** Compilation complete.\n*** Verification complete.\nNo errors were detected.\n"
      "Number of complete executions explored: 306706\nNumber of blocked executions seen: 12\n"
      "Total wall-clock time: 7.74s\n");
  ASSERT_TRUE(sample.ok()) << sample.status();
  EXPECT_EQ(sample->complete, 306706U);
  EXPECT_EQ(sample->blocked, 12U);
  EXPECT_DOUBLE_EQ(sample->seconds, 7.74);
  EXPECT_FALSE(bench::ParseGenmc("error: no such option\n").ok());
  EXPECT_FALSE(bench::ParseGenmc("*** Verification unsuccessful.\n"
                                 "Number of complete executions explored: 13\n"
                                 "Total wall-clock time: 0.21s\n")
                   .ok());
}

TEST(GenmcSourceTest, CallsTheKernelAlone) {
  const std::string source = GenmcSource(kRow, "/x/locks.c");
  EXPECT_NE(source.find("#include \"/x/locks.c\""), std::string::npos);
  EXPECT_NE(source.find("Ticket(5);"), std::string::npos);
}

VerdictRecord RecordOf(const std::string& engine, const std::string& scenario,
                       std::uint64_t executions, double seconds, bool complete = true) {
  VerdictRecord record;
  record.scenario = scenario;
  record.engine = engine;
  record.executions = executions;
  record.seconds = seconds;
  record.complete = complete;
  record.verdict = complete ? Verdict::kPass : Verdict::kIncomplete;
  record.ok = complete;
  return record;
}

TEST(CompareScenariosTest, AddsUpWhatBothHaveExplored) {
  VerdictRecord mutant = RecordOf("relacy", "a", 1000, 1);
  mutant.mutant = "m";
  VerdictRecord naive = RecordOf("relacy", "naive", 5000, 9);
  naive.verdict = Verdict::kDeadlock;
  const bench::ScenarioTotals totals = bench::CompareScenarios(
      {RecordOf("relacy", "a", 1000, 2), RecordOf("explore", "a", 5, 0.1), mutant,
       RecordOf("relacy", "b", 9000, 8, false), RecordOf("explore", "b", 20, 0.3),
       RecordOf("relacy", "alone", 70, 1), RecordOf("stress", "a", 70, 1), naive,
       RecordOf("explore", "naive", 1, 0.1)});
  EXPECT_EQ(totals.scenarios, 2);
  EXPECT_DOUBLE_EQ(totals.relacy.executions, 10000);
  EXPECT_DOUBLE_EQ(totals.explore.executions, 25);
  EXPECT_EQ(totals.relacy.incomplete, 1);
  ASSERT_EQ(totals.beyond_relacy.size(), 1U);
  EXPECT_TRUE(totals.problems.empty());
  const std::string table = ScenarioTable(totals);
  EXPECT_NE(table.find("0.2500%      4.00%\n"), std::string::npos) << table;
  EXPECT_NE(table.find("incomplete under relacy: b: complete here, 20 executions"),
            std::string::npos)
      << table;
  EXPECT_DOUBLE_EQ(ToJson(totals)["executions_ratio"].get<double>(), 0.0025);
}

TEST(CompareScenariosTest, SaysWhatTheExplorerDoesNotPassAndWhatIsSlow) {
  const std::string table = ScenarioTable(bench::CompareScenarios(
      {RecordOf("relacy", "a", 1000, 1), RecordOf("explore", "a", 11, 0.01, false)}));
  EXPECT_NE(table.find("not as expected under the explorer: a\n"), std::string::npos) << table;
  EXPECT_NE(table.find("misses the target"), std::string::npos) << table;
}

// The whole command, with shell scripts for programs.
class RunExplorerBenchTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/run_explorer_bench_test";
    std::filesystem::remove_all(root_);
    setenv("TEST_SRCDIR", root_.c_str(), 1);
  }

  void Add(const std::string& name, const std::string& script) const {
    const std::filesystem::path path = root_ + "/heddle/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  // A second with one process, half of that with two.
  void AddProgram(const std::string& name) const {
    Add("checkers/explorer/programs/" + name, R"(
file=${HEDDLE_EXPLORE_OPTIONS##*record=}
file=${file%%:*}
verdict=pass
case "$HEDDLE_EXPLORE_OPTIONS" in *max_executions*) verdict=incomplete ;; esac
seconds=1.0
case "$HEDDLE_EXPLORE_OPTIONS" in *jobs=2*) seconds=0.5 ;; esac
echo '{"type":"start","version":1,"program":"p"}' > "$file"
echo '{"type":"end","verdict":"'$verdict'","complete":true,"executions":400000,"blocked":0,"seconds":'$seconds'}' >> "$file")");
  }

  struct Outcome {
    int status;
    std::string out;
    std::string err;
  };
  static Outcome Run(const std::vector<std::string>& patterns,
                     const ExplorerBenchOptions& options) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunExplorerBench(patterns, options);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  std::string root_;
};

TEST_F(RunExplorerBenchTest, MeasuresProgramsAndMemory) {
  AddProgram("locks");
  AddProgram("containers");
  const Outcome outcome =
      Run({"fetch_add", "memory"},
          {.repetitions = 2, .quick = true, .json = root_ + "/out.json", .genmc = ""});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("fetch_add/8            400000        0 "), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("GenMC is missing: no --genmc=PATH\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("peak memory: 10000 executions "), std::string::npos) << outcome.out;
  std::ifstream file(root_ + "/out.json");
  const auto json = nlohmann::json::parse(
      std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  EXPECT_DOUBLE_EQ(json["programs"][0]["speedup_of_two"]["median"].get<double>(), 2);
  EXPECT_EQ(json["mebibytes"].size(), 2U);
}

TEST_F(RunExplorerBenchTest, RunsGenmcBeside) {
  AddProgram("locks");
  Add("genmc", R"(
case "$*" in *--disable-estimation*) ;; *) exit 1 ;; esac
for source; do :; done
echo 'No errors were detected.'
if grep -q 'FetchAdd(8);' "$source"; then
  echo 'Number of complete executions explored: 40320'
else
  grep -q 'FetchAdd(0);' "$source" || exit 1
  echo 'Number of complete executions explored: 1'
fi
echo 'Total wall-clock time: 4.00s')");
  const Outcome outcome =
      Run({"fetch_add"}, {.repetitions = 2, .json = "", .genmc = root_ + "/heddle/genmc"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("|     40320        0      0.0"), std::string::npos) << outcome.out;
}

TEST_F(RunExplorerBenchTest, AProgramThatIsNotGenmcIsWrongUsage) {
  AddProgram("locks");
  Add("genmc", "echo 'what is --rc11?' >&2; exit 4");
  const Outcome outcome =
      Run({"fetch_add"}, {.repetitions = 1, .json = "", .genmc = root_ + "/heddle/genmc"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err,
            "heddle: " + root_ + "/heddle/genmc fails with status 4: what is --rc11?\n");
}

TEST_F(RunExplorerBenchTest, ComparesTheSuitesScenarios) {
  const std::string record =
      R"(echo '{"scenario":"s","primitive":"s","mutant":null,"threads":2,"engine":"ENGINE","mode":"full","executions":EXECUTIONS,"blocked":0,"complete":true,"seconds":0.5,"verdict":"pass","expected":"pass","ok":true,"counterexample":null,"seed":null}')";
  const auto script = [&](const std::string& engine, const std::string& executions) {
    std::string text = record;
    text.replace(text.find("ENGINE"), 6, engine);
    return text.replace(text.find("EXECUTIONS"), 10, executions);
  };
  Add("models/m.relacy", script("relacy", "5000"));
  Add("models/m.explore", script("explore", "10"));
  std::ofstream(root_ + "/heddle/models/all.manifest")
      << "relacy\t//models:m.relacy\theddle/models/m.relacy\n"
      << "explore\t//models:m.explore\theddle/models/m.explore\n"
      << "relacy\t//models:n.relacy\theddle/models/missing\n";
  const Outcome outcome = Run({"scenarios"}, {.repetitions = 1, .json = "", .genmc = ""});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("1 scenarios under both engines"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("0.2000%"), std::string::npos) << outcome.out;
}

TEST_F(RunExplorerBenchTest, AProgramThatFailsIsAnInternalError) {
  Add("checkers/explorer/programs/locks", "echo broken >&2; exit 2");
  const Outcome outcome = Run({"fetch_add"}, {.repetitions = 1, .json = "", .genmc = ""});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("ended with status 2: broken"), std::string::npos) << outcome.err;
}

TEST_F(RunExplorerBenchTest, BadInputIsOneLine) {
  const Outcome outcome = Run({"nonsense"}, {.repetitions = 1, .json = "", .genmc = ""});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "heddle: no row of explorer matches 'nonsense'; --list shows them\n");
  const Outcome no_genmc =
      Run({"fetch_add"}, {.repetitions = 1, .json = "", .genmc = root_ + "/nowhere"});
  EXPECT_EQ(no_genmc.status, 2);
  EXPECT_EQ(no_genmc.err, "heddle: " + root_ + "/nowhere: No such file or directory\n");
}

TEST_F(RunExplorerBenchTest, ListMeasuresNothing) {
  const Outcome outcome =
      Run({"michael"}, {.repetitions = 1, .list = true, .json = "", .genmc = ""});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "michael_scott/2\nmichael_scott/3\n");
}

}  // namespace
}  // namespace heddle
