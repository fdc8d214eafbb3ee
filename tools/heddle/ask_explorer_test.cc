// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/ask_explorer.h"

#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

VerdictRecord Answer(Verdict verdict, std::uint64_t executions, bool complete = false) {
  VerdictRecord answer;
  answer.verdict = verdict;
  answer.executions = executions;
  answer.complete = complete;
  if (IsFinding(verdict)) answer.counterexample = "out/a.txt";
  return answer;
}

TEST(AskExplorerTest, TheRecordedOrderItselfFails) {
  const VerdictRecord guided = Answer(Verdict::kRace, 0);
  EXPECT_EQ(TellAnswers(&guided, nullptr),
            "  reproduced in the explorer, in the recorded order: race\n"
            "  replay it:  ./heddle check --replay=out/a.txt\n");
}

TEST(AskExplorerTest, AnOrderCloseToItFails) {
  const VerdictRecord guided = Answer(Verdict::kRace, 7);
  EXPECT_EQ(
      TellAnswers(&guided, nullptr),
      "  reproduced in the explorer, in an order close to the recorded one (the 7 tried before "
      "do not fail): race\n  replay it:  ./heddle check --replay=out/a.txt\n");
}

TEST(AskExplorerTest, SomeExecutionFails) {
  const VerdictRecord guided = Answer(Verdict::kPass, 1000);
  const VerdictRecord any = Answer(Verdict::kDeadlock, 11);
  EXPECT_EQ(TellAnswers(&guided, &any),
            "  not reproduced in the recorded order, nor in 1000 close to it\n"
            "  reproduced in the explorer, in execution 12 of all there are: deadlock\n"
            "  replay it:  ./heddle check --replay=out/a.txt\n");
}

TEST(AskExplorerTest, NoneFails) {
  const VerdictRecord any = Answer(Verdict::kPass, 52, true);
  EXPECT_EQ(TellAnswers(nullptr, &any),
            "  not reproduced in the explorer: pass after 52 executions, all there are\n");
}

TEST(AskExplorerTest, SaysWhyAnOrderCannotBeFollowed) {
  VerdictRecord guided = Answer(Verdict::kError, 0);
  guided.reason = "a.schedule: line 3: 'x' is no THREAD";
  const VerdictRecord any = Answer(Verdict::kIncomplete, 100);
  EXPECT_EQ(
      TellAnswers(&guided, &any),
      "  the explorer cannot follow the recorded order: a.schedule: line 3: 'x' is no THREAD\n"
      "  not reproduced in the explorer: incomplete after 100 executions\n");
  EXPECT_EQ(TellAnswers(nullptr, nullptr), "  the explorer gave no answer\n");
}

}  // namespace
}  // namespace heddle
