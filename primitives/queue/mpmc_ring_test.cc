// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/mpmc_ring.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

TEST(MpmcRing, IsFifoAndReportsEmptyAndFull) {
  MpmcRing<int> ring(4);
  EXPECT_FALSE(ring.try_pop().has_value());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(i));
  EXPECT_FALSE(ring.try_push(4));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.try_pop(), i);
  EXPECT_FALSE(ring.try_pop().has_value());
}

TEST(MpmcRing, RoundsTheCapacityUp) {
  EXPECT_EQ(MpmcRing<int>(0).capacity(), 2U);
  EXPECT_EQ(MpmcRing<int>(2).capacity(), 2U);
  EXPECT_EQ(MpmcRing<int>(3).capacity(), 4U);
  EXPECT_THROW(MpmcRing<int>(SIZE_MAX), std::length_error);
}

TEST(MpmcRing, LeavesTheValueWhenFull) {
  MpmcRing<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.try_push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(**ring.try_pop(), 1);
  EXPECT_TRUE(ring.try_push(std::move(third)));
  EXPECT_EQ(**ring.try_pop(), 2);
  EXPECT_EQ(**ring.try_pop(), 3);
}

TEST(MpmcRing, WorksAcrossTheWrapAtEveryFill) {
  for (std::uint64_t before = 0; before < 10; ++before) {
    MpmcRing<int> ring(4, UINT64_MAX - before);
    int pushed = 0;
    int popped = 0;
    for (int round = 0; round < 20; ++round) {
      while (ring.try_push(pushed)) ++pushed;
      EXPECT_EQ(pushed - popped, 4);
      for (int i = 0; i <= round % 4; ++i) EXPECT_EQ(ring.try_pop(), popped++);
    }
    while (const std::optional<int> item = ring.try_pop()) EXPECT_EQ(*item, popped++);
    EXPECT_EQ(popped, pushed);
  }
}

TEST(MpmcRing, DeliversEachItemOnceAndEachProducersItemsInOrder) {
  constexpr int kProducers = 3;
  constexpr int kConsumers = 3;
  constexpr int kItems = 40'000;  // of each producer
  struct Item {
    int producer = 0;
    int number = 0;
  };
  MpmcRing<Item> ring(8, UINT64_MAX - 1'000);
  std::atomic<int> left{kProducers * kItems};
  std::vector<std::vector<int>> seen(kConsumers, std::vector<int>(kProducers, 0));
  std::vector<std::vector<int>> last(kConsumers, std::vector<int>(kProducers, -1));
  std::atomic<bool> ordered{true};
  std::barrier start(kProducers + kConsumers);
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      start.arrive_and_wait();
      for (int i = 0; i < kItems; ++i) {
        while (!ring.try_push(Item{p, i})) std::this_thread::yield();
      }
    });
  }
  for (std::size_t c = 0; c < kConsumers; ++c) {
    threads.emplace_back([&, c] {
      start.arrive_and_wait();
      while (left.load() > 0) {
        const std::optional<Item> item = ring.try_pop();
        if (!item) {
          std::this_thread::yield();
          continue;
        }
        left.fetch_sub(1);
        const auto p = static_cast<std::size_t>(item->producer);
        if (item->number <= last[c][p]) ordered = false;
        last[c][p] = item->number;
        ++seen[c][p];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(left.load(), 0);
  for (std::size_t p = 0; p < kProducers; ++p) {
    int total = 0;
    for (const std::vector<int>& counts : seen) total += counts[p];
    EXPECT_EQ(total, kItems);
  }
  EXPECT_FALSE(ring.try_pop().has_value());
}

}  // namespace
}  // namespace heddle
