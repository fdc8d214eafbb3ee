// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/mpsc_queue.h"

#include <barrier>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

struct Item : MpscNode<> {
  Item(int p, int n) : producer(p), number(n) {}
  int producer;
  int number;
};

TEST(MpscQueue, IsFifo) {
  MpscQueue<Item> queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.try_pop(), nullptr);
  Item items[] = {{0, 0}, {0, 1}, {0, 2}};
  for (Item& item : items) queue.push(&item);
  EXPECT_FALSE(queue.empty());
  for (Item& item : items) EXPECT_EQ(queue.try_pop(), &item);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.try_pop(), nullptr);
}

TEST(MpscQueue, TakesAnItemAgainAtOnce) {
  MpscQueue<Item> queue;
  Item a{0, 0};
  Item b{0, 1};
  for (int i = 0; i < 10; ++i) {
    queue.push(&a);
    EXPECT_EQ(queue.try_pop(), &a);
    EXPECT_EQ(queue.try_pop(), nullptr);
    queue.push(&b);
    queue.push(&a);
    EXPECT_EQ(queue.try_pop(), &b);
    EXPECT_FALSE(queue.empty());
    queue.push(&b);
    EXPECT_EQ(queue.try_pop(), &a);
    EXPECT_EQ(queue.try_pop(), &b);
    EXPECT_TRUE(queue.empty());
  }
}

TEST(MpscQueue, DeliversEachItemOnceAndEachProducersItemsInOrder) {
  constexpr int kProducers = 3;
  constexpr int kItems = 30'000;
  MpscQueue<Item> queue;
  std::barrier start(kProducers);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      start.arrive_and_wait();
      for (int i = 0; i < kItems; ++i) queue.push(std::make_unique<Item>(p, i).release());
    });
  }
  std::vector<int> next(kProducers, 0);
  for (int left = kProducers * kItems; left > 0;) {
    const std::unique_ptr<Item> item(queue.try_pop());
    if (item == nullptr) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(item->number, next[static_cast<std::size_t>(item->producer)]++);
    --left;
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace heddle
