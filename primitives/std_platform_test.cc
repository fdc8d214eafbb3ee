// SPDX-License-Identifier: Apache-2.0
#include "primitives/std_platform.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/mutant.h"

namespace heddle {
namespace {

using P = StdPlatform;

TEST(ParkTest, ReturnsAtOnceWhenTheWordDiffers) {
  P::Atomic<std::uint32_t> word{1};
  EXPECT_EQ(P::park(&word, 2, kNever), ParkResult::kWoken);
}

TEST(ParkTest, TimesOutAtAnAbsoluteDeadline) {
  P::Atomic<std::uint32_t> word{1};
  const Deadline deadline = P::Clock::now() + std::chrono::milliseconds(20);
  while (P::park(&word, 1, deadline) != ParkResult::kTimedOut) {
  }
  EXPECT_GE(P::Clock::now(), deadline);
  EXPECT_TRUE(P::Clock::expired(deadline));
}

TEST(ParkTest, DeadlineInThePastTimesOut) {
  P::Atomic<std::uint32_t> word{1};
  EXPECT_EQ(P::park(&word, 1, Deadline::min()), ParkResult::kTimedOut);
}

TEST(ParkTest, UnparkWakesAWaiter) {
  P::Atomic<std::uint32_t> word{0};
  std::atomic<bool> woken{false};
  std::thread waiter([&] {
    while (word.load(std::memory_order_acquire) == 0) P::park(&word, 0, kNever);
    woken.store(true);
  });
  word.store(1, std::memory_order_release);
  P::unpark(&word, 1);
  waiter.join();
  EXPECT_TRUE(woken.load());
}

TEST(ParkTest, KeepsErrno) {
  P::Atomic<std::uint32_t> word{1};
  errno = 1234;
  P::park(&word, 1, Deadline::min());
  P::unpark(&word, 1);
  EXPECT_EQ(errno, 1234);
}

TEST(ClockTest, NeverDoesNotExpire) { EXPECT_FALSE(P::Clock::expired(kNever)); }

TEST(CondVarTest, WaitUntilTimesOut) {
  P::Mutex mutex;
  P::CondVar condition;
  mutex.lock();
  const Deadline deadline = P::Clock::now() + std::chrono::milliseconds(5);
  while (condition.wait_until(mutex, deadline) != ParkResult::kTimedOut) {
  }
  mutex.unlock();
  EXPECT_GE(P::Clock::now(), deadline);
}

TEST(ThreadIndexTest, LiveThreadsHaveDistinctSmallIds) {
  constexpr int kThreads = 8;
  std::atomic<int> arrived{0};
  std::vector<int> ids(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ids[static_cast<std::size_t>(i)] = P::thread_index();
      // All ids are held at once: nobody leaves before the last one has come.
      arrived.fetch_add(1);
      while (arrived.load() < kThreads) P::yield();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<int>(ids.begin(), ids.end()).size(), static_cast<std::size_t>(kThreads));
  for (const int id : ids) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, P::kMaxThreads);
  }
}

TEST(ThreadIndexTest, AnExitedThreadsIdIsUsedAgain) {
  int first = -1;
  int second = -2;
  std::thread([&] { first = P::thread_index(); }).join();
  std::thread([&] { second = P::thread_index(); }).join();
  EXPECT_EQ(first, second);
}

TEST(ChooseTest, CoversItsRange) {
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(P::choose(3));
  EXPECT_EQ(seen, (std::set<int>{0, 1, 2}));
}

TEST(PerThreadTest, EachThreadHasItsOwn) {
  P::PerThread<int> value;
  value.local() = 1;
  std::thread([&] {
    EXPECT_EQ(value.local(), 0);
    value.local() = 2;
  }).join();
  EXPECT_EQ(value.local(), 1);
}

TEST(MutantTest, OnlyTheNamedSiteDiffersAndSaysThatItRan) {
  using M = Mutated<StdPlatform, "weak">;
  static_assert(Platform<M>);
  EXPECT_EQ(order<StdPlatform>("weak", std::memory_order_release), std::memory_order_release);
  EXPECT_EQ(order<M>("other", std::memory_order_release), std::memory_order_release);
  EXPECT_FALSE(M::reached.load());
  EXPECT_EQ(order<M>("weak", std::memory_order_release), std::memory_order_relaxed);
  EXPECT_TRUE(M::reached.load());
}

}  // namespace
}  // namespace heddle
