// SPDX-License-Identifier: Apache-2.0
#include "primitives/hierarchy/ranked_mutex.h"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "primitives/hierarchy/lock_all.h"
#include "primitives/mutex/futex_mutex.h"

namespace heddle {
namespace {

// A hierarchy that notes what is reported and lets the operation go on.
class Recorder {
 public:
  LockHierarchy<> hierarchy{RankHandler{[](void* self, const RankViolation& violation) {
                                          static_cast<Recorder*>(self)->seen.push_back(violation);
                                        },
                                        this}};
  std::vector<RankViolation> seen;
};

TEST(RankedMutexTest, RisingRanksAreRight) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy);
  for (int i = 0; i < 3; ++i) {
    const std::scoped_lock hold_a(a);
    const std::scoped_lock hold_b(b);
  }
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(RankedMutexTest, WrongOrderIsReportedWithBothLocks) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy);
  b.lock();
  a.lock();
  ASSERT_EQ(recorder.seen.size(), 1U);
  EXPECT_EQ(recorder.seen[0].kind, RankViolation::Kind::kOrder);
  EXPECT_STREQ(recorder.seen[0].lock, "a");
  EXPECT_EQ(recorder.seen[0].rank, 1);
  EXPECT_STREQ(recorder.seen[0].held, "b");
  EXPECT_EQ(recorder.seen[0].held_rank, 2);
  a.unlock();
  b.unlock();
}

TEST(RankedMutexTest, EqualRanksAreReported) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(1, "b", recorder.hierarchy);
  const std::scoped_lock hold_a(a);
  const std::scoped_lock hold_b(b);
  EXPECT_EQ(recorder.seen.size(), 1U);
}

TEST(RankedMutexTest, TheHighestHeldIsComparedNotTheLast) {
  Recorder recorder;
  RankedMutex<> low(1, "low", recorder.hierarchy), mid(2, "mid", recorder.hierarchy),
      high(3, "high", recorder.hierarchy);
  high.lock();
  ASSERT_TRUE(low.try_lock());
  EXPECT_TRUE(recorder.seen.empty()) << "try_lock is never a violation";
  mid.lock();
  ASSERT_EQ(recorder.seen.size(), 1U);
  EXPECT_STREQ(recorder.seen[0].held, "high");
  mid.unlock();
  low.unlock();
  high.unlock();
}

TEST(RankedMutexTest, TryLockCounts) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy);
  ASSERT_TRUE(b.try_lock());
  a.lock();
  EXPECT_EQ(recorder.seen.size(), 1U);
  a.unlock();
  b.unlock();
}

TEST(RankedMutexTest, AFailedTryLockDoesNotCount) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy);
  b.lock();
  std::thread([&] {
    EXPECT_FALSE(b.try_lock());
    a.lock();
    a.unlock();
  }).join();
  b.unlock();
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(RankedMutexTest, UnlocksInAnyOrder) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy),
      c(3, "c", recorder.hierarchy), d(4, "d", recorder.hierarchy);
  a.lock();
  b.lock();
  d.lock();
  b.unlock();
  d.unlock();
  c.lock();  // above a, the only one held
  a.unlock();
  d.lock();
  c.unlock();
  d.unlock();
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(RankedMutexTest, AfterUnlocksInAnyOrderTheRestIsStillCompared) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(2, "b", recorder.hierarchy),
      c(3, "c", recorder.hierarchy);
  a.lock();
  c.lock();
  a.unlock();
  b.lock();
  ASSERT_EQ(recorder.seen.size(), 1U);
  EXPECT_STREQ(recorder.seen[0].held, "c");
  c.unlock();
  a.lock();
  ASSERT_EQ(recorder.seen.size(), 2U);
  EXPECT_STREQ(recorder.seen[1].held, "b");
  b.unlock();
  a.unlock();
  a.lock();
  a.unlock();
  EXPECT_EQ(recorder.seen.size(), 2U);
}

TEST(RankedMutexTest, UnlockOfWhatAnotherThreadHoldsIsReported) {
  Recorder recorder;
  RankedMutex<> a(7, "a", recorder.hierarchy);
  a.lock();
  std::thread([&] { a.unlock(); }).join();
  ASSERT_EQ(recorder.seen.size(), 1U);
  EXPECT_EQ(recorder.seen[0].kind, RankViolation::Kind::kNotHeld);
  EXPECT_STREQ(recorder.seen[0].lock, "a");
}

TEST(RankedMutexTest, HierarchiesAreIndependent) {
  Recorder one, other;
  RankedMutex<> a(2, "a", one.hierarchy), b(1, "b", other.hierarchy);
  const std::scoped_lock hold_a(a);
  const std::scoped_lock hold_b(b);
  EXPECT_TRUE(one.seen.empty());
  EXPECT_TRUE(other.seen.empty());
}

TEST(RankedMutexTest, AHandlerThatThrowsLeavesTheLockFree) {
  LockHierarchy<> hierarchy(RankHandler{[](void*, const RankViolation&) { throw 1; }, nullptr});
  RankedMutex<> a(1, "a", hierarchy), b(2, "b", hierarchy);
  b.lock();
  EXPECT_THROW(a.lock(), int);
  std::thread([&] {
    EXPECT_TRUE(a.try_lock());
    a.unlock();
  }).join();
  b.unlock();
}

TEST(RankedMutexTest, EqualRanksTogetherByLockAll) {
  Recorder recorder;
  RankedMutex<> a(1, "a", recorder.hierarchy), b(1, "b", recorder.hierarchy);
  {
    const LockAllGuard hold(b, a);
  }
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(RankedMutexDeathTest, ByDefaultPrintsOneLineAndAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        RankedMutex<> a(1, "accounts");
        RankedMutex<> b(2, "journal");
        b.lock();
        a.lock();
      },
      "acquiring \"accounts\" \\(rank 1\\) while holding \"journal\" \\(rank 2\\)");
  EXPECT_DEATH(
      {
        RankedMutex<> a(1, "accounts");
        a.lock();
        a.lock();
      },
      "acquiring \"accounts\" \\(rank 1\\) while holding \"accounts\" \\(rank 1\\)");
  EXPECT_DEATH(
      {
        RankedMutex<> a(1, "accounts");
        a.unlock();
      },
      "releasing \"accounts\" \\(rank 1\\), which this thread does not hold");
}

TEST(RankedMutexTest, SwitchedOffItIsTheLockAlone) {
  using Off = RankedMutex<StdPlatform, FutexMutex<>, RankChecks::kOff>;
  static_assert(sizeof(Off) == sizeof(FutexMutex<>));
  Recorder recorder;
  Off a(1, "a", recorder.hierarchy), b(2, "b");
  b.lock();
  a.lock();
  EXPECT_FALSE(a.try_lock());
  a.unlock();
  b.unlock();
  EXPECT_TRUE(recorder.seen.empty());
}

TEST(RankedMutexTest, ExcludesWhileManyThreadsClimb) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 1000;
  Recorder recorder;
  std::deque<RankedMutex<>> levels;
  for (int i = 0; i < 4; ++i) levels.emplace_back(i, "level", recorder.hierarchy);
  int sums[4] = {};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const int low = (t + round) % 3;
        levels[low].lock();
        levels[low + 1].lock();
        ++sums[low];
        levels[low].unlock();
        ++sums[low + 1];
        levels[low + 1].unlock();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sums[0] + sums[1] + sums[2] + sums[3], 2 * kThreads * kRounds);
  EXPECT_TRUE(recorder.seen.empty());
}

}  // namespace
}  // namespace heddle
