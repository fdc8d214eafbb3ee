// SPDX-License-Identifier: Apache-2.0
//
// Explorations of less than everything: random ones, and those with few preemptions.
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/explorer/programs/run_program.h"
#include "checkers/explorer/report/record.h"
#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

struct Ended {
  report::Record record;
  report::RecordedEnd end;
  std::string message;  // of a finding
};

Ended Explore(const std::string& program, const std::string& arguments,
              const std::string& options) {
  const ProgramRun run = RunProgram(program, arguments, options);
  EXPECT_TRUE(run.record.ok()) << run.record.status() << run.output;
  if (!run.record.ok() || !run.record->end) {
    ADD_FAILURE() << run.output;
    return {};
  }
  Ended ended{.record = *run.record, .end = *run.record->end, .message = ""};
  if (ended.record.finding) ended.message = ended.record.finding->message;
  return ended;
}

// Ten elements at once need a producer that goes on for a while.
TEST(RandomTest, FillsAQueue) {
  for (int seed = 1; seed <= 5; ++seed) {
    const Ended ended = Explore("deep_queue", "", absl::StrCat("random=100:seed=", seed));
    EXPECT_EQ(ended.end.verdict, "assertion") << seed;
    EXPECT_EQ(ended.end.mode, "random(100)");
    EXPECT_FALSE(ended.end.complete);
    EXPECT_TRUE(absl::StrContains(ended.message, absl::StrCat("of seed ", seed, ")")))
        << ended.message;
  }
}

TEST(RandomTest, DoesNotFillItByASwitchAtEachStep) {
  const Ended ended = Explore("deep_queue", "", "random=100:seed=1:switch=1");
  EXPECT_EQ(ended.end.verdict, "pass");
  EXPECT_EQ(ended.end.executions, 100U);
  EXPECT_FALSE(ended.end.complete);
}

TEST(RandomTest, IsTheSameForTheSameSeed) {
  const std::string options = "random=100:switch=0.1:seed=";
  const Ended one = Explore("deep_queue", "", absl::StrCat(options, 1));
  const Ended again = Explore("deep_queue", "", absl::StrCat(options, 1));
  const Ended other = Explore("deep_queue", "", absl::StrCat(options, 2));
  EXPECT_EQ(one.end.verdict, "assertion");
  EXPECT_EQ(one.message, again.message);
  EXPECT_EQ(one.record.replay, again.record.replay);
  EXPECT_NE(one.record.replay, other.record.replay);
}

TEST(RandomTest, FindingsAreReplayed) {
  for (const char* options : {"random=100:seed=3", "pct=3:max_executions=100"}) {
    const Ended found = Explore("deep_queue", "", options);
    ASSERT_EQ(found.end.verdict, "assertion") << options;
    const Ended again = Explore("deep_queue", "", absl::StrCat("replay=", found.record.replay));
    EXPECT_EQ(again.end.verdict, "assertion") << options;
    EXPECT_EQ(again.end.mode, "replay");
  }
}

// Bounded by time alone it has done what was wanted when that is up; otherwise it has not.
TEST(RandomTest, SaysWhenTimeIsUp) {
  const Ended bounded = Explore("containers", "michael_scott 2", "random:time=0.05");
  EXPECT_EQ(bounded.end.verdict, "pass");
  EXPECT_EQ(bounded.end.mode,
            absl::StrCat("random(", bounded.end.executions + bounded.end.blocked, ")"));
  const Ended cut = Explore("containers", "michael_scott 2", "random=1000000000:time=0.05");
  EXPECT_EQ(cut.end.verdict, "incomplete");
  EXPECT_EQ(cut.end.reason, "out of time");
}

TEST(PreemptionsTest, LeavesOutWhatNeedsMore) {
  std::uint64_t before = 0;
  for (int bound = 0; bound < 3; ++bound) {
    const Ended ended =
        Explore("containers", "michael_scott 2", absl::StrCat("model=sc:preemptions=", bound));
    EXPECT_EQ(ended.end.verdict, "pass");
    EXPECT_EQ(ended.end.mode, absl::StrCat("preemptions(", bound, ")"));
    EXPECT_FALSE(ended.end.complete);
    EXPECT_GT(ended.end.executions, before);
    before = ended.end.executions;
  }
}

TEST(PreemptionsTest, IsCompleteWhereNothingIsLeftOut) {
  // No turn of theirs fails that a search without bounds would leave out.
  for (const auto& [program, arguments] :
       {std::pair("containers", "chase_lev 3"), std::pair("locks", "mcs 3")}) {
    const Ended all = Explore(program, arguments, "model=sc");
    const Ended bounded = Explore(program, arguments, "model=sc:preemptions=20");
    EXPECT_TRUE(bounded.end.complete) << arguments;
    EXPECT_EQ(bounded.end.executions, all.end.executions) << arguments;
  }
}

TEST(SymmetryTest, SaysThatItLeavesExecutionsOut) {
  EXPECT_EQ(Explore("identical", "ticket 4", "symmetry=on").end.mode, "full,symmetry");
  EXPECT_EQ(Explore("identical", "ticket 4", "").end.mode, "full");
  EXPECT_EQ(Explore("identical", "numbered 3", "symmetry=on").end.mode, "full");
  EXPECT_EQ(Explore("identical", "joined_in_turn 3", "symmetry=on").end.mode, "full");
  EXPECT_EQ(Explore("identical", "ttas 4", "symmetry=on:jobs=2").end.executions, 24U);
}

TEST(BoundsTest, RefusesWhatDoesNotFit) {
  for (const char* options :
       {"preemptions=1:random", "preemptions=-1", "preemptions=x", "symmetry=on:random",
        "symmetry=on:preemptions=1", "symmetry=2", "switch=2", "switch=x", "pct=0"}) {
    const ProgramRun run = RunProgram("locks", "ticket 2", options);
    EXPECT_EQ(run.status, 2) << options << run.output;
    EXPECT_TRUE(absl::StartsWith(run.output, "heddle explorer: HEDDLE_EXPLORE_OPTIONS: "))
        << run.output;
  }
}

}  // namespace
}  // namespace heddle::explorer
