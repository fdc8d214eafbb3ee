// SPDX-License-Identifier: Apache-2.0
#include "primitives/barrier/sense_barrier.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/semaphore/counting_platform.h"

namespace heddle {
namespace {

TEST(SenseBarrierTest, OneThreadNeverWaits) {
  CountingPlatform::reset();
  SenseBarrier<CountingPlatform> barrier(1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(barrier.arrive_and_wait());
  EXPECT_EQ(CountingPlatform::parks, 0);
  EXPECT_EQ(CountingPlatform::unparks, 0);
}

TEST(SenseBarrierDeathTest, NeedsAThread) { EXPECT_DEATH(SenseBarrier<>(0), ""); }

TEST(SenseBarrierTest, NobodyPassesBeforeTheLastArrives) {
  CountingPlatform::reset();
  SenseBarrier<CountingPlatform> barrier(3);
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      barrier.arrive_and_wait();
      passed.fetch_add(1);
    });
  }
  while (CountingPlatform::parks < 2) std::this_thread::yield();
  EXPECT_EQ(passed, 0);
  EXPECT_TRUE(barrier.arrive_and_wait());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 2);
}

// More threads than this kind of machine has processors, over many phases: each thread's plain data
// of a phase is read by all others in the next.
TEST(SenseBarrierTest, PhasesNeverOverlap) {
  constexpr std::size_t kThreads = 5;
  constexpr int kPhases = 500;
  SenseBarrier<> barrier(kThreads);
  std::vector<int> data(kThreads, -1);
  std::atomic<int> last{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int phase = 0; phase < kPhases; ++phase) {
        data[i] = phase;
        if (barrier.arrive_and_wait()) last.fetch_add(1);
        for (int value : data) {
          if (value != phase) wrong.fetch_add(1);
        }
        if (barrier.arrive_and_wait()) last.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(last, 2 * kPhases);
}

}  // namespace
}  // namespace heddle
