// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/blocking_queue.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

Deadline In(milliseconds time) { return std::chrono::steady_clock::now() + time; }

TEST(BlockingQueue, IsFifoAndReportsEmptyAndFull) {
  BlockingQueue<int> queue(3, 2);
  int item = 0;
  EXPECT_EQ(queue.try_pop(item), QueueResult::kEmpty);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.try_push(int{i}), QueueResult::kOk);
    EXPECT_EQ(queue.try_push(3), QueueResult::kFull);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(queue.try_pop(item), QueueResult::kOk);
      EXPECT_EQ(item, i);
    }
    EXPECT_EQ(queue.try_pop(item), QueueResult::kEmpty);
  }
  EXPECT_EQ(item, 2);
  EXPECT_THROW(BlockingQueue<int>(0), std::length_error);
}

TEST(BlockingQueue, RefusalsLeaveTheValue) {
  BlockingQueue<std::unique_ptr<int>> queue(1);
  EXPECT_EQ(queue.push(std::make_unique<int>(1)), QueueResult::kOk);
  auto second = std::make_unique<int>(2);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(queue.try_push(std::move(second)), QueueResult::kFull);
  EXPECT_EQ(queue.push_until(std::move(second), In(milliseconds(1))), QueueResult::kTimedOut);
  EXPECT_EQ(queue.push(std::move(second), source.get_token()), QueueResult::kStopped);
  queue.close();
  EXPECT_EQ(queue.push(std::move(second)), QueueResult::kClosed);
  ASSERT_NE(second, nullptr);
}

TEST(BlockingQueue, TimesOutNoEarlierThanAsked) {
  BlockingQueue<int> queue(1);
  int item = 0;
  const Deadline deadline = In(milliseconds(20));
  EXPECT_EQ(queue.pop_until(item, deadline), QueueResult::kTimedOut);
  EXPECT_GE(std::chrono::steady_clock::now(), deadline);
  EXPECT_EQ(queue.push_until(1, Deadline::min()), QueueResult::kOk);  // it need not wait
  EXPECT_EQ(queue.push_until(2, Deadline::min()), QueueResult::kTimedOut);
  EXPECT_EQ(queue.pop_until(item, Deadline::min()), QueueResult::kOk);
  EXPECT_EQ(item, 1);
}

TEST(BlockingQueue, DeliversWhatIsLeftAfterClose) {
  BlockingQueue<int> queue(2);
  EXPECT_EQ(queue.push(1), QueueResult::kOk);
  EXPECT_EQ(queue.push(2), QueueResult::kOk);
  EXPECT_FALSE(queue.closed());
  queue.close();
  queue.close();
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.try_push(3), QueueResult::kClosed);
  int item = 0;
  EXPECT_EQ(queue.pop(item), QueueResult::kOk);
  EXPECT_EQ(item, 1);
  EXPECT_EQ(queue.pop(item), QueueResult::kOk);
  EXPECT_EQ(item, 2);
  EXPECT_EQ(queue.pop(item), QueueResult::kClosed);
  EXPECT_EQ(queue.try_pop(item), QueueResult::kClosed);
}

// Waiters of both kinds, in each way out; none may be left behind. Whether a thread is already
// waiting when the event comes differs from round to round.
TEST(BlockingQueue, CloseWakesEveryWaiter) {
  for (int round = 0; round < 50; ++round) {
    BlockingQueue<int> empty(1);
    BlockingQueue<int> full(1);
    ASSERT_EQ(full.push(1), QueueResult::kOk);
    std::vector<std::thread> waiters;
    std::atomic<int> closed{0};
    for (int i = 0; i < 3; ++i) {
      waiters.emplace_back([&] {
        int item = 0;
        closed += empty.pop(item) == QueueResult::kClosed ? 1 : 0;
      });
      waiters.emplace_back([&] { closed += full.push(2) == QueueResult::kClosed ? 1 : 0; });
    }
    empty.close();
    full.close();
    for (std::thread& waiter : waiters) waiter.join();
    EXPECT_EQ(closed.load(), 6);
  }
}

TEST(BlockingQueue, StopWakesTheWaitersOfThatToken) {
  for (int round = 0; round < 50; ++round) {
    BlockingQueue<int> queue(1);
    std::stop_source source;
    std::atomic<int> stopped{0};
    std::vector<std::thread> waiters;
    for (int i = 0; i < 2; ++i) {
      waiters.emplace_back([&] {
        int item = 0;
        stopped += queue.pop(item, source.get_token()) == QueueResult::kStopped ? 1 : 0;
      });
    }
    std::thread other([&] {
      int item = 0;
      EXPECT_EQ(queue.pop(item), QueueResult::kOk);
    });
    source.request_stop();
    for (std::thread& waiter : waiters) waiter.join();
    EXPECT_EQ(stopped.load(), 2);
    EXPECT_EQ(queue.push(1), QueueResult::kOk);
    other.join();
  }
}

// Producers and consumers over a small queue. `push` is how a producer gets its item in.
template <class Push>
void CarriesEverything(Push push) {
  constexpr int kProducers = 3;
  constexpr int kConsumers = 2;
  constexpr int kItems = 3'000;
  BlockingQueue<std::unique_ptr<int>> queue(2, 1);
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  std::atomic<long> sum{0};
  std::atomic<int> count{0};
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kItems; ++i) {
        auto item = std::make_unique<int>(p * kItems + i);
        push(queue, std::move(item));
      }
    });
  }
  for (int c = 0; c < kConsumers; ++c) {
    consumers.emplace_back([&] {
      std::unique_ptr<int> item;
      while (queue.pop(item) == QueueResult::kOk) {
        sum += *item;
        ++count;
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  queue.close();
  for (std::thread& consumer : consumers) consumer.join();
  constexpr long kAll = kProducers * kItems;
  EXPECT_EQ(count.load(), kAll);
  EXPECT_EQ(sum.load(), kAll * (kAll - 1) / 2);
}

TEST(BlockingQueue, CarriesEverythingUnderBackPressure) {
  // No deadline: a wake-up that is lost hangs here.
  CarriesEverything([](auto& queue, std::unique_ptr<int> item) {
    EXPECT_EQ(queue.push(std::move(item)), QueueResult::kOk);
  });
}

TEST(BlockingQueue, CarriesEverythingPastDeadlines) {
  CarriesEverything([](auto& queue, std::unique_ptr<int> item) {
    // So short that timeouts and hand-overs meet.
    while (queue.push_until(std::move(item), In(milliseconds(1))) != QueueResult::kOk) continue;
  });
}

}  // namespace
}  // namespace heddle
