// SPDX-License-Identifier: Apache-2.0
//
// What a counterexample tells: what the error needs and no more, with call stacks, and how it is
// run again.
#include "checkers/scenario/counterexample.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/record.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

constexpr char kProgram[] = "checkers/explorer/counterexamples/wrong_among_many";

Record Explore(const std::string& which, const std::string& options = "") {
  const std::string path = absl::StrCat(testing::TempDir(), "/record.", getpid());
  const std::string command = absl::StrCat("HEDDLE_EXPLORE_OPTIONS='record=", path, options, "' ",
                                           kProgram, " ", which, " 2>&1");
  std::FILE* const output = popen(command.c_str(), "r");
  EXPECT_NE(output, nullptr);
  if (output == nullptr) return {};
  std::string said;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) said += buffer.data();
  pclose(output);
  const absl::StatusOr<std::string> text = ReadFile(path);
  std::remove(path.c_str());
  EXPECT_TRUE(text.ok()) << said;
  const absl::StatusOr<Record> record = ParseRecord(text.value_or(""));
  EXPECT_TRUE(record.ok()) << record.status() << said;
  return record.ok() ? *record : Record{};
}

Record Replay(const std::string& which, const std::string& path) {
  return Explore(which, absl::StrCat(":replay=", path));
}

Execution Read(const Record& record) { return Describe(record, "/nowhere"); }

std::set<int> ThreadsOf(const Execution& execution) {
  std::set<int> threads;
  for (const Step& step : execution.steps) threads.insert(step.thread);
  return threads;
}

std::vector<std::string> StepsOf(const Execution& execution) {
  std::vector<std::string> steps;
  for (const Step& step : execution.steps) {
    steps.push_back(absl::StrCat(step.thread, " ", step.what, " ", step.place.line));
  }
  return steps;
}

std::vector<std::string> Functions(const std::vector<Place>& stack) {
  std::vector<std::string> functions;
  for (const Place& place : stack) functions.push_back(place.function);
  return functions;
}

// The stack of the first remark that begins so.
std::vector<std::string> StackOf(const Execution& execution, absl::string_view text) {
  for (const Remark& remark : execution.remarks) {
    if (absl::StartsWith(remark.text, text)) return Functions(remark.stack);
  }
  return {"no such remark"};
}

bool Does(const Execution& execution, absl::string_view what) {
  return std::any_of(execution.steps.begin(), execution.steps.end(),
                     [&](const Step& step) { return absl::StrContains(step.what, what); });
}

using Names = std::vector<std::string>;

class ReplayTest : public testing::TestWithParam<const char*> {};

TEST_P(ReplayTest, ShowsTheSameAgain) {
  const Record first = Explore(GetParam());
  ASSERT_TRUE(first.finding.has_value());
  ASSERT_FALSE(first.replay.empty());
  const Record again = Replay(GetParam(), first.replay);
  ASSERT_TRUE(again.finding.has_value());
  EXPECT_EQ(again.end->mode, "replay");
  EXPECT_EQ(again.finding->verdict, first.finding->verdict);
  EXPECT_EQ(again.finding->message, first.finding->message);
  EXPECT_EQ(again.finding->stack, first.finding->stack);
  EXPECT_EQ(again.finding->left_out, first.finding->left_out);
  EXPECT_EQ(again.replay, first.replay);
  EXPECT_EQ(StepsOf(Read(again)), StepsOf(Read(first)));
}

TEST_P(ReplayTest, TellsWhereEachStepIs) {
  for (const Step& step : Read(Explore(GetParam())).steps) {
    EXPECT_TRUE(absl::EndsWith(step.place.file, "wrong_among_many.cc")) << step.what;
    EXPECT_GT(step.place.line, 0) << step.what;
  }
}

TEST_P(ReplayTest, ReadsStandBehindWhatTheyRead) {
  for (const Step& step : Read(Explore(GetParam())).steps) {
    EXPECT_LT(step.reads_from, step.number) << step.what;
  }
}

INSTANTIATE_TEST_SUITE_P(Findings, ReplayTest,
                         testing::Values("race", "race_backwards", "race_with_atomic",
                                         "use_after_free", "assertion", "deadlock", "leak", "crash",
                                         "large"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param);
                         });

TEST(CounterexampleTest, ARaceIsItsTwoAccessesAndWhatComesBeforeThem) {
  const Record record = Explore("race");
  const Execution execution = Read(record);
  EXPECT_EQ(ThreadsOf(execution), (std::set<int>{0, 2, 4}));
  EXPECT_EQ(execution.threads.size(), 3U);
  EXPECT_FALSE(Does(execution, "counter"));
  EXPECT_GT(execution.left_out, 4);
  EXPECT_EQ(StackOf(execution, "write of 4 bytes at data by thread 2"),
            (Names{"WriteData", "Publish"}));
  EXPECT_EQ(StackOf(execution, "read of 4 bytes at data by thread 4"),
            (Names{"ReadData", "Receive"}));
  // The accesses are steps of the execution, where they were made.
  ASSERT_GE(execution.steps.size(), 4U);
  const std::size_t end = execution.steps.size();
  EXPECT_EQ(execution.steps[end - 4].what, "write data");
  EXPECT_TRUE(execution.steps[end - 4].culprit);
  EXPECT_EQ(execution.steps[end - 3].what, "store flag = 1, relaxed");
  EXPECT_EQ(execution.steps[end - 1].what, "read data");
  EXPECT_TRUE(execution.steps[end - 1].culprit);
}

TEST(CounterexampleTest, ARaceWithAnAtomicOperationHasBothStacks) {
  const Execution execution = Read(Explore("race_with_atomic"));
  EXPECT_EQ(ThreadsOf(execution), (std::set<int>{0, 2, 3}));
  EXPECT_EQ(StackOf(execution, "write of 4 bytes at flag by thread 3").size(), 1U);
  EXPECT_EQ(StackOf(execution, "atomic write of 4 bytes at flag by thread 2").size(), 1U);
}

TEST(CounterexampleTest, AUseAfterFreeHasTheStacksOfTheBlock) {
  const Execution execution = Read(Explore("use_after_free"));
  EXPECT_EQ(ThreadsOf(execution), (std::set<int>{0, 2, 3}));
  EXPECT_EQ(StackOf(execution, "read of 4 bytes at block 0 by thread 3").front(), "LookInto");
  EXPECT_EQ(StackOf(execution, "free of block 0 by thread 2").front(), "EndBlock");
  EXPECT_EQ(StackOf(execution, "block 0: 4 bytes, allocated by thread 0"),
            (Names{"MakeBlock", "UseAfterFree", "main"}));
  EXPECT_TRUE(Does(execution, "free block 0"));
}

TEST(CounterexampleTest, AFailedAssertionIsTheLastStep) {
  const Execution execution = Read(Explore("assertion"));
  EXPECT_EQ(ThreadsOf(execution), (std::set<int>{0, 2, 4}));
  EXPECT_EQ(execution.steps.back().what, "assertion");
  EXPECT_EQ(execution.steps.back().thread, 4);
  EXPECT_TRUE(execution.steps.back().culprit);
  EXPECT_FALSE(Does(execution, "counter"));
}

TEST(CounterexampleTest, ACrashHasTheStackOfTheInstruction) {
  const Execution execution = Read(Explore("crash"));
  EXPECT_EQ(StackOf(execution, "found in thread 2").front(), "LookInto");
  EXPECT_EQ(StackOf(execution, "found in thread 2").size(), 2U);
}

TEST(CounterexampleTest, ALeakHasTheStackOfTheAllocation) {
  const Execution execution = Read(Explore("leak"));
  EXPECT_EQ(StackOf(execution, "block 0: 4 bytes, allocated by thread 0"),
            (Names{"MakeBlock", "Leak", "main"}));
  // Everything: somebody might have freed it.
  EXPECT_EQ(execution.left_out, 0);
}

TEST(CounterexampleTest, ADeadlockIsItsCycle) {
  const Record record = Explore("deadlock");
  const Execution execution = Read(record);
  ASSERT_EQ(record.waits.size(), 2U);
  EXPECT_EQ(record.waits[0].thread, 2);
  EXPECT_EQ(record.waits[1].thread, 3);
  ASSERT_EQ(record.held.size(), 2U);
  EXPECT_FALSE(Does(execution, "counter"));
  EXPECT_FALSE(Does(execution, "join"));
  EXPECT_EQ(StackOf(execution, "thread 2 waits for the mutex second").front(), "Lock");
  EXPECT_EQ(StackOf(execution, "thread 2 holds the mutex first").front(), "Lock");
}

// Whoever could have ended the wait is shown.
TEST(CounterexampleTest, ALostWakeUpKeepsAll) {
  const Record record = Explore("lost_wakeup");
  ASSERT_TRUE(record.finding.has_value());
  EXPECT_EQ(record.finding->left_out, 0);
  EXPECT_EQ(ThreadsOf(Read(record)), (std::set<int>{0, 1, 2, 3}));
}

// What a command prints, and its last line.
std::string Output(const std::string& command, std::string& last) {
  std::FILE* const output = popen(absl::StrCat(command, " 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) said += buffer.data();
  pclose(output);
  const std::string_view lines = std::string_view(said).substr(0, said.size() - !said.empty());
  last = lines.substr(lines.rfind('\n') + 1);
  return said;
}

TEST(CounterexampleTest, AProgramOnItsOwnEndsWithTheCommandThatReplaysIt) {
  const std::string directory = absl::StrCat(testing::TempDir(), "/outputs");
  std::filesystem::create_directories(directory);
  for (const std::string& environment :
       {std::string("env -u TEST_UNDECLARED_OUTPUTS_DIR HEDDLE_EXPLORE_OPTIONS=model=sc "),
        absl::StrCat("env TEST_UNDECLARED_OUTPUTS_DIR=", directory, " ")}) {
    std::string last;
    const std::string said = Output(absl::StrCat(environment, kProgram, " deadlock"), last);
    ASSERT_TRUE(absl::StartsWith(last, "replay it:  ")) << said;
    const std::string again = Output(last.substr(std::string("replay it:  ").size()), last);
    EXPECT_TRUE(absl::StartsWith(last, "heddle explorer: deadlock: 0 executions, 1 blocked"))
        << again;
  }
  const absl::StatusOr<Counterexample> file =
      ReadCounterexample(absl::StrCat(directory, "/wrong_among_many.explore.txt"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->engine, "explore");
  EXPECT_EQ(file->verdict, "deadlock");
}

TEST(CounterexampleTest, APathOfAnotherProgramIsRefused) {
  const std::string path = Explore("race").replay;
  const Record other = Replay("leak", path);
  ASSERT_TRUE(other.end.has_value());
  EXPECT_EQ(other.end->verdict, "error");
  for (const std::string& broken :
       {path.substr(0, path.size() / 2), path + ";x", path + ";0", std::string(";"), "zz" + path}) {
    const Record refused = Replay("race", broken);
    ASSERT_TRUE(refused.end.has_value()) << broken;
    EXPECT_EQ(refused.end->verdict, "error") << broken;
  }
}

}  // namespace
}  // namespace heddle::explorer::report
