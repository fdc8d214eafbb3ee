// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/treiber_stack.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

TEST(IndexStack, IsLifo) {
  IndexStack<> stack(3, UINT32_MAX - 1);
  EXPECT_FALSE(stack.try_pop().has_value());
  for (int round = 0; round < 4; ++round) {
    for (std::uint32_t i = 0; i < 3; ++i) stack.push(i);
    for (std::uint32_t i = 3; i > 0; --i) EXPECT_EQ(stack.try_pop(), i - 1);
    EXPECT_FALSE(stack.try_pop().has_value());
  }
}

// Every index is owned by one thread at a time; without the tag most runs of this fail.
TEST(IndexStack, LendsEachIndexToOneThreadAtATime) {
  constexpr std::uint32_t kCount = 4;
  constexpr int kRounds = 200'000;
  IndexStack<> stack(kCount, UINT32_MAX - 5'000);
  for (std::uint32_t i = 0; i < kCount; ++i) stack.push(i);
  std::vector<std::atomic<int>> users(kCount);
  std::atomic<bool> exclusive{true};
  const auto take = [&]() -> std::optional<std::uint32_t> {
    const auto index = stack.try_pop();
    if (index && users[*index].fetch_add(1) != 0) exclusive = false;
    return index;
  };
  const auto give = [&](std::optional<std::uint32_t> index) {
    if (!index) return;
    users[*index].fetch_sub(1);
    stack.push(*index);
  };
  std::barrier start(3);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < kRounds && exclusive.load(); ++i) {
        const auto first = take();
        const auto second = take();
        give(first);  // in the order that makes ABA possible
        give(second);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(exclusive);
  std::uint32_t left = 0;
  while (stack.try_pop() && left <= kCount) ++left;
  EXPECT_EQ(left, kCount);
}

TEST(TreiberStack, IsLifoAndReportsEmptyAndFull) {
  TreiberStack<int> stack(3);
  EXPECT_EQ(stack.capacity(), 3U);
  EXPECT_FALSE(stack.try_pop().has_value());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(stack.try_push(i));
  EXPECT_FALSE(stack.try_push(3));
  for (int i = 3; i > 0; --i) EXPECT_EQ(stack.try_pop(), i - 1);
  EXPECT_FALSE(stack.try_pop().has_value());
}

TEST(TreiberStack, LeavesTheValueWhenFull) {
  TreiberStack<std::unique_ptr<int>> stack(1);
  EXPECT_TRUE(stack.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(stack.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(**stack.try_pop(), 1);
}

TEST(TreiberStack, AcceptsNoCapacityAtAllAndRefusesTooMuch) {
  TreiberStack<int> none(0);
  EXPECT_FALSE(none.try_push(1));
  EXPECT_FALSE(none.try_pop().has_value());
  EXPECT_THROW(TreiberStack<int>(std::size_t{UINT32_MAX}), std::length_error);
}

TEST(TreiberStack, DeliversEachItemOnce) {
  constexpr int kThreads = 3;
  constexpr int kItems = 10'000;
  TreiberStack<int> stack(5, UINT32_MAX - 5'000);
  std::vector<std::vector<int>> seen(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kItems; ++i) {
        const bool pushed = stack.try_push(t * kItems + i);
        const std::optional<int> item = stack.try_pop();
        if (item) seen[static_cast<std::size_t>(t)].push_back(*item);
        if (!pushed) --i;  // the pop made room
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> times(kThreads * kItems, 0);
  for (const std::vector<int>& items : seen) {
    for (const int item : items) ++times[static_cast<std::size_t>(item)];
  }
  while (const std::optional<int> item = stack.try_pop()) ++times[static_cast<std::size_t>(*item)];
  EXPECT_EQ(times, std::vector<int>(kThreads * kItems, 1));
}

}  // namespace
}  // namespace heddle
