// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/bench_comparison.h"

// The command's own, which its subcommands share.

namespace heddle {
namespace {

using bench::AddResults;
using bench::Compare;
using bench::Comparison;
using bench::Repetition;
using bench::SpreadOf;

const bench::Pair kPair{.row = "f/s/x", .reference = "f/s/ref:y"};

Repetition Of(double ours, double theirs, double stolen = 0) {
  return {{kPair.row, {.ns = ours, .fairness = 0.5, .stolen = stolen, .error = ""}},
          {kPair.reference, {.ns = theirs, .fairness = 0.25, .stolen = 0, .error = ""}}};
}

TEST(SpreadTest, QuartilesInterpolate) {
  const bench::Spread spread = SpreadOf({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(spread.median, 2.5);
  EXPECT_DOUBLE_EQ(spread.low, 1.75);
  EXPECT_DOUBLE_EQ(spread.high, 3.25);
  EXPECT_DOUBLE_EQ(spread.least, 1);
  EXPECT_DOUBLE_EQ(spread.most, 4);
}

TEST(SpreadTest, OneValue) {
  const bench::Spread spread = SpreadOf({7});
  EXPECT_DOUBLE_EQ(spread.low, 7);
  EXPECT_DOUBLE_EQ(spread.median, 7);
  EXPECT_DOUBLE_EQ(spread.high, 7);
}

TEST(ResultsTest, EachRowSaysWhichTimeCounts) {
  Repetition repetition;
  ASSERT_TRUE(AddResults(R"({"benchmarks": [
      {"name": "f/s/x", "label": "row=f/s/x clock=cpu vs=f/s/ref:y", "real_time": 9.0,
       "cpu_time": 4.0, "time_unit": "ns"},
      {"name": "f/s/ref:y/iterations:1/manual_time", "label": "row=f/s/ref:y clock=wall",
       "real_time": 8.0, "cpu_time": 1e6, "time_unit": "ns", "fairness": 0.75, "stolen": 0.02}]})",
                         repetition)
                  .ok());
  EXPECT_DOUBLE_EQ(repetition.at("f/s/x").ns, 4);
  EXPECT_LT(repetition.at("f/s/x").fairness, 0);
  EXPECT_DOUBLE_EQ(repetition.at("f/s/ref:y").ns, 8);
  EXPECT_DOUBLE_EQ(repetition.at("f/s/ref:y").fairness, 0.75);
  EXPECT_DOUBLE_EQ(repetition.at("f/s/ref:y").stolen, 0.02);
}

TEST(ResultsTest, WhatIsNotABenchmarksOutputIsAnError) {
  Repetition repetition;
  EXPECT_FALSE(AddResults("", repetition).ok());
  EXPECT_FALSE(AddResults("[]", repetition).ok());
  EXPECT_FALSE(AddResults(R"({"benchmarks": [{"name": "a", "real_time": 1}]})", repetition).ok());
  EXPECT_FALSE(
      AddResults(R"({"benchmarks": [{"name": "a", "label": "row=a clock=cpu"}]})", repetition)
          .ok());
}

TEST(CompareTest, RatioIsTheMedianOfEachRepetitionsRatio) {
  // The second repetition ran at half speed, for both.
  const Comparison comparison = Compare(kPair, {Of(10, 20), Of(22, 40), Of(12, 20)});
  EXPECT_DOUBLE_EQ(comparison.ratio.median, 0.55);
  EXPECT_DOUBLE_EQ(comparison.ratio.least, 0.5);
  EXPECT_DOUBLE_EQ(comparison.ratio.most, 0.6);
  EXPECT_DOUBLE_EQ(comparison.ours.median, 12);
  EXPECT_DOUBLE_EQ(comparison.fairness, 0.5);
  EXPECT_DOUBLE_EQ(comparison.reference_fairness, 0.25);
  EXPECT_EQ(comparison.repetitions, 3);
}

TEST(CompareTest, DisturbedRepetitionsAreSetAside) {
  const Comparison comparison =
      Compare(kPair, {Of(1, 1), Of(1, 1), Of(1, 1), Of(100, 1, 0.4), Of(100, 1, 0.4)});
  EXPECT_DOUBLE_EQ(comparison.ratio.most, 1);
  EXPECT_EQ(comparison.repetitions, 3);
  EXPECT_EQ(comparison.set_aside, 2);
  EXPECT_FALSE(comparison.disturbed);
}

TEST(CompareTest, WhenNearlyAllAreDisturbedItSaysSo) {
  const Comparison comparison = Compare(kPair, {Of(1, 1), Of(1, 1, 0.4), Of(1, 1, 0.4), Of(1, 1)});
  EXPECT_EQ(comparison.repetitions, 4);
  EXPECT_TRUE(comparison.disturbed);
  EXPECT_NE(bench::Table({comparison}).find("disturbed"), std::string::npos);
}

TEST(CompareTest, ErrorsAreShown) {
  Repetition repetition = Of(1, 1);
  repetition.at(kPair.reference).error = "no such lock";
  const Comparison comparison = Compare(kPair, {repetition});
  EXPECT_EQ(comparison.error, "no such lock");
  EXPECT_NE(bench::Table({comparison}).find("no such lock"), std::string::npos);
  EXPECT_EQ(Compare(kPair, {}).error, "not measured");
}

TEST(TableTest, OneLineForEachComparison) {
  const std::string table = bench::Table({Compare(kPair, {Of(10, 20)})});
  EXPECT_NE(table.find("f/s/x "), std::string::npos);
  EXPECT_NE(table.find(" y "), std::string::npos);
  EXPECT_NE(table.find(" 0.50  0.50..0.50    0.50/0.25\n"), std::string::npos) << table;
}

// The whole command, with shell scripts for benchmarks.
class RunBenchTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/run_bench_test";
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/heddle/stress/bench");
    setenv("TEST_SRCDIR", root_.c_str(), 1);
  }

  void AddBinary(const std::string& name, const std::string& run) {
    const std::string path = root_ + "/heddle/stress/bench/" + name;
    std::ofstream(path) << "#!/bin/sh\nif [ \"$1\" = --pairs ]; then\n"
                        << "printf 'f/s/x\\tf/s/ref:y\\nf/s/z\\tf/s/ref:y\\n'\nexit 0\nfi\n"
                        << run << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  // A binary that notes its arguments.
  void AddWorking() {
    AddBinary("good_bench", "echo \"$*\" >> " + root_ + R"(/arguments
cat <<'END'
{"benchmarks": [
 {"label": "row=f/s/x clock=cpu", "cpu_time": 2.0, "real_time": 5, "time_unit": "ns"},
 {"label": "row=f/s/z clock=cpu", "cpu_time": 1.0, "real_time": 5, "time_unit": "ns"},
 {"label": "row=f/s/ref:y clock=cpu", "cpu_time": 4.0, "real_time": 5, "time_unit": "ns"}]}
END)");
  }

  struct Outcome {
    int status;
    std::string out;
    std::string err;
  };
  Outcome Run(const std::vector<std::string>& arguments) {
    const absl::FlagSaver flags;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunBench(arguments);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    return outcome;
  }

  std::string Content(const std::string& name) const {
    std::ifstream file(root_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
};

TEST_F(RunBenchTest, ComparesEachPair) {
  AddWorking();
  const Outcome outcome = Run({"--repetitions=2", "--json=" + root_ + "/out.json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("f/s/x"), std::string::npos);
  EXPECT_NE(outcome.out.find("0.25..0.25"), std::string::npos);
  const auto json = nlohmann::json::parse(Content("out.json"));
  ASSERT_EQ(json["comparisons"].size(), 2);
  EXPECT_EQ(json["comparisons"][0]["reference"], "f/s/ref:y");
  EXPECT_DOUBLE_EQ(json["comparisons"][0]["ratio"]["median"].get<double>(), 0.5);
  EXPECT_EQ(json["repetitions"].size(), 2);
}

TEST_F(RunBenchTest, PatternSelectsRowsAndTheirReferences) {
  AddWorking();
  const Outcome outcome = Run({"--repetitions=1", "s/z"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("f/s/x"), std::string::npos);
  const std::string arguments = Content("arguments");
  EXPECT_NE(arguments.find("--benchmark_filter=^(f/s/ref:y|f/s/z)"), std::string::npos)
      << arguments;
  EXPECT_NE(arguments.find("--benchmark_enable_random_interleaving=true"), std::string::npos);
}

TEST_F(RunBenchTest, BadPatternIsOneLine) {
  AddWorking();
  const Outcome outcome = Run({"s/z", "nonsense"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "heddle: no benchmark matches 'nonsense'; --list shows them\n");
}

TEST_F(RunBenchTest, BadOptionsAreOneLine) {
  AddWorking();
  for (const char* argument : {"--repetitions=0", "--repetitions=many", "--min_time=-1",
                               "--nonsense", "--json=/no/where"}) {
    const Outcome outcome = Run({argument});
    EXPECT_EQ(outcome.status, 2) << argument;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << argument;
  }
}

TEST_F(RunBenchTest, ListMeasuresNothing) {
  AddWorking();
  const Outcome outcome = Run({"--list"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("f/s/z"), std::string::npos);
  EXPECT_EQ(Content("arguments"), "");
}

TEST_F(RunBenchTest, ABenchmarkThatDiesIsAnInternalError) {
  AddBinary("bad_bench", "echo 'bench: a lock does not exclude' >&2; exit 134");
  const Outcome outcome = Run({"--repetitions=1"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("a lock does not exclude"), std::string::npos);
}

TEST_F(RunBenchTest, NoBenchmarksIsAnInternalError) { EXPECT_EQ(Run({}).status, 3); }

TEST_F(RunBenchTest, InterruptEndsIt) {
  // Interrupts whoever started it, and then itself ends by that signal only.
  AddBinary("slow_bench", "kill -INT $PPID; exec sleep 60");
  const Outcome outcome = Run({"--repetitions=5"});
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.out, "interrupted after 0 of 5 repetitions\n");
}

}  // namespace
}  // namespace heddle
