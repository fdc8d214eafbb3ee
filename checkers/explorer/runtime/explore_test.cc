// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/explore.h"

#include <string>

#include "checkers/explorer/runtime/explored.h"
#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

using Program = void (*)(void*);

ExploreResult Examine(Program program, int threads = 0, const ExploreOptions& options = {}) {
  return Explore(options, program, &threads);
}

void ExpectPass(const ExploreResult& result) {
  EXPECT_EQ(result.verdict, "pass") << result.message << "\n" << result.text;
  EXPECT_TRUE(result.complete) << result.cut.why;
}

void ExpectCount(Program program, int threads, std::uint64_t executions) {
  const ExploreResult result = Examine(program, threads);
  ExpectPass(result);
  EXPECT_EQ(result.executions, executions) << threads << " threads";
  EXPECT_EQ(result.blocked, 0U) << threads << " threads";
}

TEST(Explore, VisitsEachGraphOnce) {
  ExpectCount(StoreBuffering, 0, 4);
  ExpectCount(FetchAdd, 2, 2);
  ExpectCount(FetchAdd, 6, 720);
}

TEST(Explore, TakesAWaitingLoopForOneRead) {
  ExpectCount(TicketLock, 2, 2);
  ExpectCount(TicketLock, 4, 24);
  ExpectCount(TestAndSet, 3, 6);
}

TEST(Explore, TakesALockForOneUpdate) {
  ExpectCount(LockMutex, 2, 2);
  ExpectCount(LockMutex, 5, 120);
}

TEST(Explore, DistinguishesModels) {
  ExploreOptions options;
  options.model = Model::kSc;
  EXPECT_EQ(Examine(StoreBuffering, 0, options).executions, 3U);
}

TEST(Explore, StartsEachExecutionFromTheSameState) {
  ExpectCount(GlobalsStartAnew, 0, 4);
  ExpectCount(SetsMemoryFromBefore, 0, 2);
  ExpectPass(Examine(AddressesRepeat));
  ExpectPass(Examine(ThreadLocals));
  ExpectPass(Examine(ManyAllocations));
  // And leaves the process as it was.
  ExpectCount(GlobalsStartAnew, 0, 4);
}

TEST(Explore, UnwindsThreads) {
  ExpectPass(Examine(ExceptionsStayInTheirThread));
  ExpectPass(Examine(ExitFromWithin));
}

TEST(Explore, FollowsPlainAccessesToAtomics) { ExpectPass(Examine(MixedAccess)); }

TEST(Explore, KnowsAtomicsOfSixteenBytes) { ExpectPass(Examine(Sixteen)); }

TEST(Explore, FindsErrors) {
  const struct {
    Program program;
    const char* verdict;
  } kErrors[] = {
      {Race, "race"},
      {FailedAssertion, "assertion"},
      {NullPointer, "crash"},
      {StackOverflow, "crash"},
      {UseAfterFree, "use_after_free"},
      {DoubleFree, "double_free"},
      {Leak, "leak"},
      {BeyondTheEnd, "out_of_bounds"},
      {Unwritten, "uninitialized"},
      {AbbaDeadlock, "deadlock"},
      {WaitForNothing, "livelock"},
      {Uncaught, "assertion"},
  };
  for (const auto& error : kErrors) {
    const ExploreResult result = Examine(error.program);
    EXPECT_EQ(result.verdict, error.verdict) << result.message;
    EXPECT_FALSE(result.complete);
    EXPECT_FALSE(result.message.empty());
  }
}

TEST(Explore, SaysWhatIsCut) {
  ExploreOptions unrolled;
  unrolled.unroll = 20;
  const ExploreResult counted = Examine(Counter, 0, unrolled);
  EXPECT_EQ(counted.verdict, "incomplete");
  EXPECT_NE(counted.cut.why.find("unroll=20"), std::string::npos) << counted.cut.why;

  ExploreOptions few;
  few.max_executions = 3;
  const ExploreResult cut = Examine(FetchAdd, 4, few);
  EXPECT_EQ(cut.verdict, "incomplete");
  EXPECT_EQ(cut.executions, 3U);
}

TEST(Explore, DrawsAtRandom) {
  ExploreOptions options;
  options.strategy = Strategy::kRandom;
  options.max_executions = 50;
  const ExploreResult result = Examine(TicketLock, 3, options);
  EXPECT_EQ(result.verdict, "pass") << result.message;
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.mode, "random(50)");
  EXPECT_EQ(Examine(AbbaDeadlock, 0, options).verdict, "deadlock");
}

}  // namespace
}  // namespace heddle::explorer
