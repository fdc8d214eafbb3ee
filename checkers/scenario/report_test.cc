// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/report.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

VerdictRecord Record(Verdict verdict, bool ok) {
  VerdictRecord record;
  record.scenario = "mutex/x.excludes";
  record.primitive = "mutex/x";
  record.engine = "relacy";
  record.mode = "full";
  record.executions = 1234567;
  record.verdict = verdict;
  record.expected = "pass";
  record.ok = ok;
  return record;
}

TEST(ReportTest, RowShowsTheVerdictAndWhatWasExpected) {
  EXPECT_NE(TableRow(Record(Verdict::kPass, true)).find("1,234,567"), std::string::npos);
  const std::string row = TableRow(Record(Verdict::kRace, false));
  EXPECT_NE(row.find("FAIL race"), std::string::npos);
  EXPECT_NE(row.find("expected pass"), std::string::npos);
}

TEST(ReportTest, TotalsCountScenariosMutantsAndFailures) {
  VerdictRecord mutant = Record(Verdict::kRace, true);
  mutant.mutant = "weak";
  VerdictRecord missed = mutant;
  missed.engine = "stress";
  missed.verdict = Verdict::kMissed;
  const std::string text = Totals(
      {Record(Verdict::kPass, true), mutant, missed, Record(Verdict::kDeadlock, false)}, 1.5);
  EXPECT_NE(text.find("1 scenario, 1 mutant, 4,938,268 executions, 1.5 seconds\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("1 caught, 1 missed by sampling, 0 beyond"), std::string::npos) << text;
  EXPECT_NE(text.find("1 NOT as expected under relacy"), std::string::npos) << text;
  VerdictRecord one = Record(Verdict::kPass, true);
  one.executions = 1;
  EXPECT_NE(Totals({one}, 1).find("\n1 scenario, 0 mutants, 1 execution, 1.0 seconds\n"),
            std::string::npos);
  EXPECT_NE(Totals({one}, 1).find("\n1 verdict as expected\n"), std::string::npos);
  EXPECT_NE(Totals({one, one}, 1).find("\nall 2 verdicts as expected\n"), std::string::npos);
}

TEST(ReportTest, JUnitEscapesAndMarksFailures) {
  VerdictRecord record = Record(Verdict::kAssertion, false);
  record.detail = "a < b && \"c\" \x01";
  const std::string xml = JUnit({record});
  EXPECT_NE(xml.find("a &lt; b &amp;&amp; &quot;c&quot; "), std::string::npos) << xml;
  EXPECT_EQ(xml.find('\x01'), std::string::npos);
  EXPECT_NE(xml.find("failures=\"1\""), std::string::npos);
}

class CounterexampleTest : public testing::Test {
 protected:
  std::string path_ = testing::TempDir() + "/counterexample.txt";
  void Put(const std::string& text) { std::ofstream(path_) << text; }
  std::string Error() { return std::string(ReadCounterexample(path_).status().message()); }
};

TEST_F(CounterexampleTest, RoundTrips) {
  const Counterexample written{.scenario = "a.b",
                               .mutant = "m",
                               .engine = "relacy",
                               .mode = "full",
                               .verdict = "race",
                               .state = "full 1 2 3",
                               .text = "steps\n\nmore\n"};
  ASSERT_TRUE(WriteCounterexample(path_, written).ok());
  const auto read = ReadCounterexample(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->scenario, "a.b");
  EXPECT_EQ(read->mutant, "m");
  EXPECT_EQ(read->state, "full 1 2 3");
  EXPECT_EQ(read->text, "steps\n\nmore\n");
}

TEST_F(CounterexampleTest, RefusesOtherFiles) {
  Put("heddle counterexample 999\nscenario: a\n");
  EXPECT_NE(Error().find("another version"), std::string::npos);
  Put("once upon a time\n");
  EXPECT_NE(Error().find("not a heddle counterexample"), std::string::npos);
  Put("heddle counterexample 1\nscenario: a\n");
  EXPECT_NE(Error().find("cut off"), std::string::npos);
  std::remove(path_.c_str());
  EXPECT_NE(Error().find("cannot read"), std::string::npos);
}

TEST_F(CounterexampleTest, AFailedWriteLeavesTheOldFile) {
  Put("old");
  EXPECT_FALSE(WriteFile(path_ + "/impossible", "new").ok());
  EXPECT_EQ(*ReadFile(path_), "old");
}

TEST_F(CounterexampleTest, ADeviceOrALinkIsWrittenToAndStaysWhatItIs) {
  EXPECT_TRUE(WriteFile("/dev/null", "text").ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_FALSE(WriteFile("/dev/full", "text").ok());
  const std::string link = path_ + ".link";
  Put("old");
  std::filesystem::create_symlink(path_, link);
  EXPECT_TRUE(WriteFile(link, "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(*ReadFile(path_), "new");
  std::filesystem::remove(link);
}

TEST(ReportTest, FramesTellReportsApart) {
  constexpr char kOne[] = "race at 0x7f01\n    #0 push queue.h:5\n    #1 Thread model.cc:7";
  EXPECT_EQ(StackFrames(kOne), "    #0 push queue.h:5\n    #1 Thread model.cc:7");
  EXPECT_EQ(StackFrames("race at 0x9a33\n    #0 push queue.h:5\n    #1 Thread model.cc:7"),
            StackFrames(kOne))
      << "elsewhere in memory";
  EXPECT_NE(StackFrames("race at 0x7f01\n    #0 pop queue.h:9\n"), StackFrames(kOne));
  EXPECT_EQ(StackFrames("assertion failed\n  at model.cc:3\n"), "");
  EXPECT_EQ(StackFrames(""), "");
}

}  // namespace
}  // namespace heddle
