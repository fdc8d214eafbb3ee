// SPDX-License-Identifier: Apache-2.0
#include "primitives/semaphore/binary_semaphore.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/semaphore/counting_platform.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

TEST(BinarySemaphoreTest, HasOnePermitOrNone) {
  BinarySemaphore<> semaphore(true);
  EXPECT_TRUE(semaphore.available());
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
  semaphore.release();
  semaphore.acquire();
  EXPECT_FALSE(semaphore.available());
}

TEST(BinarySemaphoreTest, ReleasesDoNotAddUp) {
  BinarySemaphore<> semaphore(false);
  semaphore.release();
  semaphore.release();
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_EQ(semaphore.waiters(), 0U);
}

TEST(BinarySemaphoreTest, TimesOutNotBeforeTheDeadlineAndIsNoLongerCounted) {
  BinarySemaphore<> semaphore(false);
  const Deadline start = std::chrono::steady_clock::now();
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(20)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
  EXPECT_EQ(semaphore.waiters(), 0U);
  semaphore.release();
  EXPECT_TRUE(semaphore.try_acquire_until(Deadline{}));
}

TEST(BinarySemaphoreTest, ReleaseMakesNoSystemCallWhenNobodyWaits) {
  CountingPlatform::reset();
  BinarySemaphore<CountingPlatform> semaphore(false);
  for (int i = 0; i < 1000; ++i) {
    semaphore.release();
    semaphore.acquire();
  }
  EXPECT_EQ(CountingPlatform::unparks, 0);

  std::thread waiter([&] { semaphore.acquire(); });
  while (semaphore.waiters() == 0) std::this_thread::yield();
  semaphore.release();
  waiter.join();
  EXPECT_EQ(CountingPlatform::unparks, 1);
  semaphore.release();
  EXPECT_EQ(CountingPlatform::unparks, 1);
}

TEST(BinarySemaphoreTest, ExcludesAndPublishes) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  BinarySemaphore<> semaphore(true);
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        semaphore.acquire();
        ++count;
        semaphore.release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(BinarySemaphoreTest, WakesTheConsumerOfAFlag) {
  constexpr int kItems = 5000;
  BinarySemaphore<> wake(false);
  std::atomic<int> produced{0};
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      produced.fetch_add(1, std::memory_order_relaxed);
      wake.release();
    }
  });
  while (produced.load(std::memory_order_relaxed) < kItems) wake.acquire();
  producer.join();
  EXPECT_EQ(produced.load(), kItems);
}

TEST(BinarySemaphoreTest, MayBeDestroyedByTheAcquirer) {
  for (int i = 0; i < 300; ++i) {
    auto* semaphore = new BinarySemaphore<>(false);
    std::thread releaser([=] { semaphore->release(); });
    semaphore->acquire();
    delete semaphore;
    releaser.join();
  }
}

}  // namespace
}  // namespace heddle
