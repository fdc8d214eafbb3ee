// SPDX-License-Identifier: Apache-2.0
#include "primitives/barrier/latch.h"

#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/semaphore/counting_platform.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

TEST(LatchTest, OpensAtZero) {
  Latch<> latch(3);
  EXPECT_FALSE(latch.try_wait());
  latch.count_down(2);
  latch.count_down(0);
  EXPECT_FALSE(latch.try_wait());
  EXPECT_FALSE(latch.wait_until(Deadline{}));
  latch.count_down();
  EXPECT_TRUE(latch.try_wait());
  EXPECT_TRUE(latch.wait_until(Deadline{}));
  latch.wait();
}

TEST(LatchTest, MayStartOpen) {
  Latch<> latch(0);
  EXPECT_TRUE(latch.try_wait());
  latch.count_down(0);
  latch.wait();
}

TEST(LatchTest, TakesTheStatedMaximum) {
  Latch<> latch(Latch<>::kMaxCount);
  EXPECT_FALSE(latch.try_wait());
  latch.count_down(Latch<>::kMaxCount);
  EXPECT_TRUE(latch.try_wait());
}

TEST(LatchDeathTest, MisuseAborts) {
  Latch<> latch(1);
  EXPECT_DEATH(latch.count_down(2), "");
  EXPECT_DEATH(latch.count_down(Latch<>::kMaxCount + 1), "");
  EXPECT_DEATH(Latch<>(Latch<>::kMaxCount + 1), "");
}

TEST(LatchTest, TimesOutNotBeforeTheDeadline) {
  Latch<> latch(1);
  const Deadline start = std::chrono::steady_clock::now();
  EXPECT_FALSE(latch.wait_until(start + milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  latch.count_down();
  EXPECT_TRUE(latch.wait_until(kNever));
}

TEST(LatchTest, CountDownMakesNoSystemCallWhenNobodySleeps) {
  CountingPlatform::reset();
  Latch<CountingPlatform> latch(100);
  for (int i = 0; i < 100; ++i) latch.count_down();
  latch.wait();
  EXPECT_EQ(CountingPlatform::unparks, 0);
  EXPECT_EQ(CountingPlatform::parks, 0);
}

TEST(LatchTest, OnlyTheLastCountDownWakesAndItWakesAll) {
  constexpr int kWaiters = 6;
  CountingPlatform::reset();
  Latch<CountingPlatform> latch(50);
  std::vector<std::thread> waiters;
  for (int i = 0; i < kWaiters; ++i) waiters.emplace_back([&] { latch.wait(); });
  while (CountingPlatform::parks < kWaiters) std::this_thread::yield();
  for (int i = 0; i < 49; ++i) latch.count_down();
  EXPECT_EQ(CountingPlatform::unparks, 0);
  latch.count_down();
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(CountingPlatform::unparks, 1);
}

TEST(LatchTest, GathersPlainDataOfAllThreads) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 300; ++round) {
    Latch<> ready(kThreads);
    std::vector<int> data(kThreads, 0);
    std::vector<int> sums(kThreads, 0);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        data[i] = 1;
        ready.arrive_and_wait();
        for (int value : data) sums[i] += value;
      });
    }
    ready.wait();
    for (int value : data) ASSERT_EQ(value, 1);
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(sums, std::vector<int>(kThreads, kThreads));
  }
}

TEST(LatchTest, MayBeDestroyedByTheOnlyWaiter) {
  for (int i = 0; i < 300; ++i) {
    auto* latch = new Latch<>(2);
    std::thread first([=] { latch->count_down(); });
    std::thread second([=] { latch->count_down(); });
    latch->wait();
    delete latch;
    first.join();
    second.join();
  }
}

}  // namespace
}  // namespace heddle
