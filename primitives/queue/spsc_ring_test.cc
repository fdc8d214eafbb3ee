// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/spsc_ring.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "gtest/gtest.h"

namespace heddle {
namespace {

TEST(SpscRing, IsFifoAndReportsEmptyAndFull) {
  SpscRing<int> ring(4);
  EXPECT_FALSE(ring.try_pop().has_value());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.try_push(i));
  EXPECT_FALSE(ring.try_push(4));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.try_pop(), i);
  EXPECT_FALSE(ring.try_pop().has_value());
}

TEST(SpscRing, RoundsTheCapacityUp) {
  EXPECT_EQ(SpscRing<int>(0).capacity(), 1U);
  EXPECT_EQ(SpscRing<int>(1).capacity(), 1U);
  EXPECT_EQ(SpscRing<int>(5).capacity(), 8U);
  EXPECT_THROW(SpscRing<int>((std::size_t{1} << 31) + 1), std::length_error);
}

TEST(SpscRing, LeavesTheValueWhenFull) {
  SpscRing<std::unique_ptr<int>> ring(1);
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(ring.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**ring.try_pop(), 1);
  EXPECT_TRUE(ring.try_push(std::move(second)));
  EXPECT_EQ(**ring.try_pop(), 2);
}

TEST(SpscRing, DestroysWhatIsLeft) {
  const auto item = std::make_shared<int>(1);
  {
    SpscRing<std::shared_ptr<int>> ring(2);
    EXPECT_TRUE(ring.try_push(item));
    EXPECT_EQ(item.use_count(), 2);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TEST(SpscRing, WorksAcrossTheWrapAtEveryFill) {
  for (std::uint32_t before = 0; before < 10; ++before) {
    SpscRing<int> ring(4, UINT32_MAX - before);
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

TEST(SpscRing, CarriesEverythingInOrderBetweenThreads) {
  constexpr int kItems = 100'000;
  SpscRing<std::unique_ptr<int>> ring(16, UINT32_MAX - 50'000);
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      auto item = std::make_unique<int>(i);
      while (!ring.try_push(std::move(item))) std::this_thread::yield();
    }
  });
  for (int i = 0; i < kItems; ++i) {
    std::optional<std::unique_ptr<int>> item;
    while (!(item = ring.try_pop())) std::this_thread::yield();
    ASSERT_EQ(**item, i);
  }
  producer.join();
  EXPECT_FALSE(ring.try_pop().has_value());
}

}  // namespace
}  // namespace heddle
