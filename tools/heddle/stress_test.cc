// SPDX-License-Identifier: Apache-2.0
//
// heddle stress over a suite of its own, of scripts that answer as the engines' binaries do.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/scenario/command_line.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"
#include "tools/heddle/subcommands.h"

namespace heddle {
namespace {

struct Answer {
  int status = 0;
  std::vector<std::string> lines;
  std::vector<VerdictRecord> records;  // in the JSON file
};

class StressTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(root_);  // of an earlier run
    std::filesystem::create_directories(root_ + "/heddle/models");
    std::ofstream(root_ + "/heddle/models/all.manifest");
  }

  // A binary of one scenario, which takes longer than most durations below.
  void Add(const std::string& scenario, Verdict verdict, double seconds = 0.3) {
    VerdictRecord record;
    record.scenario = scenario;
    record.engine = "stress";
    record.mode = "1 mode";
    record.expected = "pass";
    record.verdict = verdict;
    record.ok = verdict == Verdict::kPass;
    record.detail = "what happened";
    const std::string path = absl::StrCat("heddle/models/", scenario);
    const std::string file = absl::StrCat(root_, "/", path);
    std::ofstream(file) << "#!/bin/sh\nif [ \"$1\" = --list ]; then echo " << scenario
                        << "; exit 0; fi\nsleep " << seconds << "\ncat <<'EOF'\n"
                        << ToJson(record) << "\nEOF\nexit " << (record.ok ? 0 : 1) << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    std::ofstream(root_ + "/heddle/models/all.manifest", std::ios::app)
        << "stress\t//models:" << scenario << "\t" << path << "\n";
  }

  Answer Run(std::vector<std::string> arguments) {
    const absl::FlagSaver saver;
    const std::string json = root_ + "/records.json";
    arguments.insert(arguments.end(),
                     {"--engine=stress", "--out=" + root_ + "/out", "--json=" + json});
    setenv("TEST_SRCDIR", root_.c_str(), 1);
    testing::internal::CaptureStdout();
    Answer answer;
    answer.status = RunStress(arguments);
    answer.lines = absl::StrSplit(testing::internal::GetCapturedStdout(), '\n', absl::SkipEmpty());
    for (const auto line : absl::StrSplit(ReadFile(json).value_or(""), '\n', absl::SkipEmpty())) {
      if (auto record = VerdictRecordFromJson({line.data(), line.size()})) {
        answer.records.push_back(*record);
      }
    }
    return answer;
  }

  const std::string root_ =
      testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(StressTest, EndsWellWhereEverythingPasses) {
  Add("a.one", Verdict::kPass);
  Add("a.two", Verdict::kPass);
  const Answer answer = Run({"--duration=60s"});
  EXPECT_EQ(answer.status, kExitOk);
  EXPECT_EQ(answer.lines.back(), "all 2 verdicts as expected");
  EXPECT_EQ(answer.records.size(), 2U);
}

TEST_F(StressTest, WhatThereIsNoTimeForIsIncomplete) {
  Add("a.one", Verdict::kPass);
  Add("a.two", Verdict::kPass);
  Add("a.three", Verdict::kPass);
  const Answer answer = Run({"--duration=100ms"});
  EXPECT_EQ(answer.status, kExitFound);
  EXPECT_TRUE(absl::StartsWith(answer.lines.back(), "left out for want of time: 2 of 3 runs"))
      << answer.lines.back();
  ASSERT_EQ(answer.records.size(), 3U);
  EXPECT_EQ(answer.records[0].verdict, Verdict::kPass);
  EXPECT_EQ(answer.records[1].verdict, Verdict::kIncomplete);
  EXPECT_FALSE(answer.records[1].ok);
  EXPECT_EQ(answer.records[2].verdict, Verdict::kIncomplete);
  // Another seed begins elsewhere.
  EXPECT_NE(Run({"--duration=100ms", "--seed=2"}).records[0].scenario, answer.records[0].scenario);
}

TEST_F(StressTest, WhatIsLateRunsStillForAsLongAgain) {
  // Late, and far from twice as long as there was time, on a busy machine too.
  Add("a.one", Verdict::kPass, 6.1);
  Add("a.two", Verdict::kPass, 0);
  const Answer answer = Run({"--duration=6s"});
  EXPECT_EQ(answer.status, kExitOk);
  EXPECT_EQ(answer.lines.back(), "all 2 verdicts as expected");
  ASSERT_EQ(answer.records.size(), 2U);
  EXPECT_EQ(answer.records[1].verdict, Verdict::kPass);
}

TEST_F(StressTest, TheTableOfMutantsNeedsMutants) {
  Add("a.one", Verdict::kPass, 0);
  EXPECT_EQ(Run({"--markdown=" + root_ + "/table.md"}).status, kExitUsage);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/table.md"));
  EXPECT_EQ(Run({"--markdown=" + root_ + "/table.md", "--mutants"}).status, kExitOk);
  EXPECT_TRUE(std::filesystem::exists(root_ + "/table.md"));
}

TEST_F(StressTest, TellsHowToRunAFailureAgain) {
  Add("a.one", Verdict::kDeadlock);
  const Answer answer = Run({"--seed=7", "--threads=4"});
  EXPECT_EQ(answer.status, kExitFound);
  bool told = false;
  for (const std::string& line : answer.lines) {
    told |= absl::StrContains(line, "./heddle stress '=a.one' --engine=stress --seed=7") &&
            absl::EndsWith(line, " --threads=4");
  }
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace heddle
