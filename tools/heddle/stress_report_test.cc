// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/stress_report.h"

#include <string>
#include <string_view>
#include <vector>

#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

VerdictRecord Record(const std::string& engine, Verdict verdict) {
  VerdictRecord record;
  record.scenario = "queue/ring.delivers";
  record.engine = engine;
  record.mode = "2 modes";
  record.verdict = verdict;
  record.ok = true;
  record.seconds = 1.5;
  return record;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(CoverageTableTest, AddsUpModesOverScenarios) {
  VerdictRecord first = Record("stress", Verdict::kPass);
  first.variants = {{.name = "noise=off", .executions = 10, .verdict = Verdict::kPass},
                    {.name = "noise=bursts", .executions = 3, .verdict = Verdict::kPass}};
  VerdictRecord second = Record("stress", Verdict::kRace);
  second.variants = {{.name = "noise=off", .executions = 32, .verdict = Verdict::kRace}};
  const std::string table = CoverageTable({first, second});
  EXPECT_TRUE(Has(table, "noise=off                                              2             42"))
      << table;
  EXPECT_TRUE(Has(table, "noise=bursts                                           1              3"))
      << table;
  EXPECT_EQ(CoverageTable({Record("relacy", Verdict::kPass)}), "");
}

TEST(LeftOutTest, SaysWhatThereWasNoTimeFor) {
  VerdictRecord record = Record("stress", Verdict::kPass);
  record.variants = {{.name = "noise=off", .executions = 10, .verdict = Verdict::kPass}};
  EXPECT_EQ(LeftOut({record}), "");
  const VerdictRecord not_run = NotRun("queue/ring.delivers", "stress");
  EXPECT_TRUE(Has(LeftOut({record, not_run, not_run}),
                  "2 of 3 runs of scenarios altogether (incomplete), and 0 of the 1 mode "
                  "of the others; a longer"));
  record.variants_left_out = 16;
  EXPECT_TRUE(Has(LeftOut({record, record}), ": 32 of the 34 modes of the scenarios; a longer"));
}

TEST(LeftOutTest, WhatDidNotRunIsNoPass) {
  const VerdictRecord record = NotRun("queue/ring.delivers~publish_relaxed", "tsan");
  EXPECT_EQ(record.verdict, Verdict::kIncomplete);
  EXPECT_FALSE(record.ok);
  EXPECT_EQ(record.scenario, "queue/ring.delivers");
  EXPECT_EQ(record.primitive, "queue/ring");
  EXPECT_EQ(record.mutant, "publish_relaxed");
  EXPECT_TRUE(Has(StressPage({record}), "<p>1 run, <span class=\"bad\">1 not as expected</span>"));
  EXPECT_TRUE(Has(MutantTable({record}), "| `queue/ring.delivers~publish_relaxed` | not run |"));
}

TEST(MutantTableTest, SaysWhoCaughtWhat) {
  VerdictRecord caught = Record("tsan", Verdict::kRace);
  caught.mutant = "publish_relaxed";
  VerdictRecord missed = Record("stress", Verdict::kMissed);
  missed.mutant = "publish_relaxed";
  const std::string table = MutantTable({caught, missed, Record("tsan", Verdict::kPass)});
  EXPECT_TRUE(
      Has(table, "| `queue/ring.delivers~publish_relaxed` | **missed** in 1.50 s | race, 1.50 s |"))
      << table;
  EXPECT_TRUE(Has(table, "| caught, of those run | 0 of 1 | 1 of 1 |")) << table;
}

TEST(StressPageTest, ShowsFailuresOutcomesAndNothingUnescaped) {
  VerdictRecord record = Record("stress", Verdict::kForbiddenOutcome);
  record.ok = false;
  record.detail = "forbidden <outcome>";
  record.outcomes = {{"0 & 0", 4, Grade::kForbidden, "lost"},
                     {"1 1", 0, Grade::kAcceptable, "in turn"}};
  const std::string page = StressPage({record});
  EXPECT_TRUE(Has(page, "1 not as expected"));
  EXPECT_TRUE(Has(page, "forbidden &lt;outcome&gt;"));
  EXPECT_TRUE(Has(page, "<code>0 &amp; 0</code>"));
  EXPECT_TRUE(Has(page, "never seen here"));
  EXPECT_FALSE(Has(page, "<outcome>"));
  EXPECT_TRUE(Has(StressPage({Record("stress", Verdict::kPass)}), "all as expected"));
}

}  // namespace
}  // namespace heddle
