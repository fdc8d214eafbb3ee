// SPDX-License-Identifier: Apache-2.0
//
// How much of a search is thought to be done when a tenth of it is.
#include <cstdint>
#include <string>

#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/run_search.h"
#include "gtest/gtest.h"

namespace heddle::explorer::oracle {
namespace {

void ExpectGoodGuess(int threads, const std::string& block) {
  SCOPED_TRACE(block);
  std::string text;
  for (int i = 0; i < threads; ++i) text += "thread\n" + block;
  const auto program = Parse(text);
  ASSERT_TRUE(program.ok()) << program.status();
  const Searched all = RunSearch(*program, {});
  EXPECT_EQ(all.failure, "");
  EXPECT_TRUE(all.duplicates.empty());
  const std::uint64_t executions = all.counts.complete + all.counts.blocked;
  ASSERT_GT(executions, 4000U);
  const Searched asked = RunSearch(*program, {}, {.ask_after = executions / 10});
  EXPECT_EQ(asked.graphs, all.graphs);
  EXPECT_GT(asked.done, 0.1 / 3);
  EXPECT_LT(asked.done, 0.1 * 3);
}

TEST(EstimateTest, IsOfTheRightSize) {
  ExpectGoodGuess(7, "r0 = add x 1 rlx\n");
  ExpectGoodGuess(7, "r0 = add x 1 rlx\nr1 = load y acq until == r0\nstore y r0+1 rel\n");
  ExpectGoodGuess(4, "store x 1 rlx\nr0 = load y rlx\nstore y 1 rlx\n");
}

// Where executions are long, and there is much to choose from on the way down, a guess takes as
// many events as thousands of executions.
TEST(EstimateTest, IsASmallPartOfTheWork) {
  const std::string block = "thread\n repeat 40\n r0 = add x 1 rlx\n end\n";
  const auto program = Parse(block + block);
  ASSERT_TRUE(program.ok()) << program.status();
  constexpr std::uint64_t kAskAfter = 3000;
  Options options;
  options.max_executions = kAskAfter + 1;
  const Searched asked = RunSearch(*program, options, {.ask_after = kAskAfter});
  EXPECT_GT(asked.events, kAskAfter * 80);
  EXPECT_GT(asked.events_for_done, asked.events / 20);
  EXPECT_LT(asked.events_for_done, (1 << 16) + asked.events / 9);
}

}  // namespace
}  // namespace heddle::explorer::oracle
