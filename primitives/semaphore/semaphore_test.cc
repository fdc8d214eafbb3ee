// SPDX-License-Identifier: Apache-2.0
#include "primitives/semaphore/semaphore.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/semaphore/counting_platform.h"

namespace heddle {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

template <class S>
void AwaitWaiters(const S& semaphore, std::uint32_t waiters) {
  while (semaphore.waiters() != waiters) std::this_thread::yield();
}

TEST(SemaphoreTest, HandsOutAsManyPermitsAsItHas) {
  Semaphore<> semaphore(2);
  EXPECT_TRUE(semaphore.try_acquire());
  semaphore.acquire();
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_EQ(semaphore.permits(), 0U);
  semaphore.release(3);
  EXPECT_EQ(semaphore.permits(), 3U);
}

TEST(SemaphoreTest, ReleaseOfNothingDoesNothing) {
  Semaphore<> semaphore(0);
  semaphore.release(0);
  EXPECT_FALSE(semaphore.try_acquire());
}

TEST(SemaphoreTest, HoldsTheStatedMaximum) {
  Semaphore<> semaphore(Semaphore<>::kMaxPermits - 1);
  semaphore.release();
  EXPECT_EQ(semaphore.permits(), Semaphore<>::kMaxPermits);
  EXPECT_EQ(semaphore.waiters(), 0U);
  EXPECT_TRUE(semaphore.try_acquire());
}

TEST(SemaphoreDeathTest, OverflowAborts) {
  Semaphore<> semaphore(Semaphore<>::kMaxPermits);
  EXPECT_DEATH(semaphore.release(), "");
  EXPECT_DEATH(semaphore.release(Semaphore<>::kMaxPermits + 1), "");
  EXPECT_DEATH(Semaphore<>(Semaphore<>::kMaxPermits + 1), "");
}

TEST(SemaphoreTest, PastDeadlineMakesOneAttempt) {
  Semaphore<> semaphore(1);
  EXPECT_TRUE(semaphore.try_acquire_until(Deadline{}));
  EXPECT_FALSE(semaphore.try_acquire_until(Deadline{}));
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(-5)));
}

TEST(SemaphoreTest, TimesOutNotBeforeTheDeadlineAndIsNoLongerCounted) {
  Semaphore<> semaphore(0);
  const Deadline start = std::chrono::steady_clock::now();
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  EXPECT_EQ(semaphore.waiters(), 0U);
}

TEST(SemaphoreTest, HugeTimeoutDoesNotOverflow) {
  Semaphore<> semaphore(0);
  std::thread releaser([&] {
    AwaitWaiters(semaphore, 1);
    semaphore.release();
  });
  EXPECT_TRUE(semaphore.try_acquire_for(Deadline::duration::max()));
  releaser.join();
}

TEST(SemaphoreTest, ReleaseMakesNoSystemCallWhenNobodyWaits) {
  CountingPlatform::reset();
  Semaphore<CountingPlatform> semaphore(0);
  for (int i = 0; i < 1000; ++i) {
    semaphore.release();
    semaphore.acquire();
  }
  EXPECT_EQ(CountingPlatform::unparks, 0);
  EXPECT_EQ(CountingPlatform::parks, 0);

  // Nor after somebody has waited.
  std::thread waiter([&] { semaphore.acquire(); });
  AwaitWaiters(semaphore, 1);
  semaphore.release();
  waiter.join();
  EXPECT_FALSE(semaphore.try_acquire_until(Deadline{}));
  EXPECT_EQ(CountingPlatform::unparks, 1);
  for (int i = 0; i < 1000; ++i) {
    semaphore.release();
    semaphore.acquire();
  }
  EXPECT_EQ(CountingPlatform::unparks, 1);
}

TEST(SemaphoreTest, ReleaseOfManyWakesMany) {
  constexpr int kWaiters = 8;
  Semaphore<> semaphore(0);
  std::vector<std::thread> waiters;
  for (int i = 0; i < kWaiters; ++i) waiters.emplace_back([&] { semaphore.acquire(); });
  AwaitWaiters(semaphore, kWaiters);
  semaphore.release(kWaiters);
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(semaphore.permits(), 0U);
  EXPECT_EQ(semaphore.waiters(), 0U);
}

TEST(SemaphoreTest, MoreWaitersThanItCountsWaitAwake) {
  using Narrow = Semaphore<StdPlatform, 31>;
  ASSERT_EQ(Narrow::kMaxWaiters, 1U);
  ASSERT_EQ(Narrow::kMaxPermits, (1U << 31) - 1);
  Narrow semaphore(0);
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) waiters.emplace_back([&] { semaphore.acquire(); });
  AwaitWaiters(semaphore, 1);
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(5)));
  semaphore.release(4);
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(semaphore.permits(), 0U);
  EXPECT_EQ(semaphore.waiters(), 0U);
}

TEST(SemaphoreTest, TimedWaitersLoseNoPermit) {
  constexpr int kRounds = 500;
  Semaphore<> semaphore(0);
  std::atomic<int> taken{0};
  auto impatient = [&] {
    while (taken.load() < kRounds) {
      if (semaphore.try_acquire_for(std::chrono::microseconds(50))) taken.fetch_add(1);
    }
  };
  std::thread first(impatient);
  std::thread second(impatient);
  for (int i = 0; i < kRounds; ++i) semaphore.release();
  first.join();
  second.join();
  EXPECT_EQ(taken.load() + static_cast<int>(semaphore.permits()), kRounds);
  EXPECT_EQ(semaphore.waiters(), 0U);
}

TEST(SemaphoreTest, NeverMoreHoldersThanPermits) {
  constexpr int kThreads = 4;
  constexpr int kPermits = 2;
  constexpr int kRounds = 3000;
  Semaphore<> semaphore(kPermits);
  std::atomic<int> holders{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        semaphore.acquire();
        if (holders.fetch_add(1, std::memory_order_relaxed) >= kPermits) exceeded = true;
        holders.fetch_sub(1, std::memory_order_relaxed);
        semaphore.release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(semaphore.permits(), static_cast<std::uint32_t>(kPermits));
}

TEST(SemaphoreTest, PassesPlainDataAlong) {
  constexpr int kItems = 5000;
  Semaphore<> free(1);
  Semaphore<> full(0);
  int slot = 0;
  std::thread producer([&] {
    for (int i = 1; i <= kItems; ++i) {
      free.acquire();
      slot = i;
      full.release();
    }
  });
  for (int i = 1; i <= kItems; ++i) {
    full.acquire();
    ASSERT_EQ(slot, i);
    free.release();
  }
  producer.join();
}

TEST(SemaphoreTest, MayBeDestroyedByTheLastAcquirer) {
  for (int i = 0; i < 300; ++i) {
    auto* semaphore = new Semaphore<>(0);
    std::thread releaser([=] { semaphore->release(); });
    semaphore->acquire();
    delete semaphore;
    releaser.join();
  }
}

}  // namespace
}  // namespace heddle
