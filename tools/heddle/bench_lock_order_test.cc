// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/bench_lock_order.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/heddle/lock_order_cost.h"

namespace heddle {
namespace {

using bench::CostRepetition;
using bench::CostRow;
using bench::CostSummary;
using bench::Way;

constexpr CostRow kRatioRow{"one", "one", 100, false, 1.2, 0};
constexpr CostRow kManyRow{"chain", "chain", 10, true, 600, 300};

CostRepetition Of(const CostRow& row, double bare, double heddle, double heddle_bytes = 0) {
  CostRepetition repetition;
  repetition[row.phase][Way::kBare] = {.ns = bare, .bytes = 100, .slow = -1, .error = ""};
  repetition[row.phase][Way::kHeddle] = {
      .ns = heddle, .bytes = 100 + heddle_bytes, .slow = 3, .error = ""};
  return repetition;
}

TEST(ParseCostsTest, OneSampleForEachPhase) {
  const auto run = bench::ParseCosts("chain\t500.5\t4096\nchain_again\t40\t8192\n");
  ASSERT_TRUE(run.ok());
  EXPECT_DOUBLE_EQ(run->at("chain").ns, 500.5);
  EXPECT_DOUBLE_EQ(run->at("chain_again").bytes, 8192);
}

TEST(ParseCostsTest, AnythingElseIsAnError) {
  for (const char* text : {"", "one\t5\n", "one\tfast\t0\n", "one\t0\t0\n", "one\t1\t0\tmore\n"}) {
    EXPECT_FALSE(bench::ParseCosts(text).ok()) << text;
  }
}

TEST(SummarizeTest, RatioIsTheMedianOfEachRepetitionsRatio) {
  const CostSummary summary =
      Summarize(kRatioRow, {Of(kRatioRow, 10, 11), Of(kRatioRow, 20, 24), Of(kRatioRow, 10, 13)});
  const bench::Cost& cost = summary.costs.at(Way::kHeddle);
  EXPECT_DOUBLE_EQ(cost.ratio.median, 1.2);
  EXPECT_DOUBLE_EQ(cost.ns.median, 13);
  EXPECT_DOUBLE_EQ(cost.slow, 3);
  EXPECT_EQ(cost.repetitions, 3);
  EXPECT_EQ(summary.costs.at(Way::kTsan).error, "not measured");
}

TEST(SummarizeTest, MemoryIsWhatBareDoesNotUse) {
  const CostSummary summary = Summarize(kManyRow, {Of(kManyRow, 10, 11, 2500)});
  EXPECT_DOUBLE_EQ(summary.costs.at(Way::kHeddle).bytes, 250);
}

TEST(SummarizeTest, AbslIsComparedWithItself) {
  CostRepetition repetition = Of(kRatioRow, 10, 11);
  repetition["one"][Way::kAbslIgnore].ns = 20;
  repetition["one"][Way::kAbslReport].ns = 60;
  EXPECT_DOUBLE_EQ(Summarize(kRatioRow, {repetition}).costs.at(Way::kAbslReport).ratio.median, 3);
}

TEST(CostTableTest, SaysWhatIsOverItsTargetAndWhatIsMissing) {
  CostRepetition slow_peer = Of(kRatioRow, 10, 13);
  slow_peer["one"][Way::kDyndd].error = "crashes";
  const std::string table = bench::CostTable(
      {Summarize(kRatioRow, {slow_peer}), Summarize(kManyRow, {Of(kManyRow, 10, 500, 2500)})},
      {{Way::kTsan, "not built"}});
  EXPECT_NE(table.find("1.30..1.30"), std::string::npos) << table;
  EXPECT_NE(table.find("crashes"), std::string::npos);
  EXPECT_NE(table.find("250 (<= 300)"), std::string::npos);
  EXPECT_NE(table.find("tsan is missing: not built\n"), std::string::npos);
  EXPECT_NE(table.find(" over\n"), std::string::npos);
  EXPECT_EQ(table.find(" over\n"), table.rfind(" over\n")) << "only the first row is";
}

// The whole command, with a shell script for a workload.
class RunLockOrderBenchTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/run_lock_order_bench_test";
    std::filesystem::remove_all(root_);
    setenv("TEST_SRCDIR", root_.c_str(), 1);
    Add("runtime/libheddle_lockorder.so", "");
  }

  void Add(const std::string& name, const std::string& script) {
    const std::filesystem::path path = root_ + "/heddle/checkers/lock_order/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  // Bare takes 10 ns, and anything preloaded 15.
  void AddWorking() {
    Add("bench/lock_cost", R"(ns=10
case "$LD_PRELOAD" in *?*) ns=15 ;; esac
printf '%s\t%d\t4096\n%s_again\t%d\t4096\n' "$1" $ns "$1" $ns)");
  }

  struct Outcome {
    int status;
    std::string out;
    std::string err;
  };
  static Outcome Run(const std::vector<std::string>& patterns,
                     const LockOrderBenchOptions& options) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = RunLockOrderBench(patterns, options);
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

TEST_F(RunLockOrderBenchTest, ComparesTheWaysThatAreThere) {
  AddWorking();
  const Outcome outcome = Run({"one", "chain"}, {.repetitions = 2, .json = root_ + "/out.json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("1.50..1.50"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("chain_again"), std::string::npos);
  EXPECT_NE(outcome.out.find("tsan is missing: no "), std::string::npos);
  EXPECT_NE(outcome.out.find("absl is missing: no "), std::string::npos);
  const auto json = nlohmann::json::parse(Content("out.json"));
  ASSERT_EQ(json["rows"].size(), 3U);
  EXPECT_DOUBLE_EQ(json["rows"][0]["ways"]["heddle"]["ratio"]["median"].get<double>(), 1.5);
  EXPECT_TRUE(json["rows"][0]["over"].get<bool>());
  EXPECT_TRUE(json["missing"].contains("tsan"));
}

TEST_F(RunLockOrderBenchTest, APeerThatCrashesIsShown) {
  AddWorking();
  Add("bench/lock_cost.tsan", "kill -SEGV $$");
  const Outcome outcome = Run({"one"}, {.repetitions = 1, .json = ""});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("crashes"), std::string::npos) << outcome.out;
}

TEST_F(RunLockOrderBenchTest, AProgramThatDiesUnderHeddleIsAnInternalError) {
  Add("bench/lock_cost", "[ -z \"$LD_PRELOAD\" ] || exit 7\nprintf '%s\\t10\\t0\\n' \"$1\"");
  const Outcome outcome = Run({"one"}, {.repetitions = 1, .json = ""});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("heddle: one: fails with status 7: "), std::string::npos)
      << outcome.err;
}

TEST_F(RunLockOrderBenchTest, BadPatternIsOneLine) {
  const Outcome outcome = Run({"nonsense"}, {});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "heddle: no row of lock_order matches 'nonsense'; --list shows them\n");
}

TEST_F(RunLockOrderBenchTest, ListMeasuresNothing) {
  const Outcome outcome = Run({"again"}, {.list = true, .json = ""});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "chain_again\nreversed_again\n");
}

}  // namespace
}  // namespace heddle
