// SPDX-License-Identifier: Apache-2.0
#include "primitives/queue/two_lock_queue.h"

#include <atomic>
#include <barrier>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/mutex/ttas_lock.h"

namespace heddle {
namespace {

template <class Lock>
class TwoLockQueueTest : public testing::Test {};
using Locks = testing::Types<StdPlatform::Mutex, std::mutex, TtasLock<>>;
TYPED_TEST_SUITE(TwoLockQueueTest, Locks);

TYPED_TEST(TwoLockQueueTest, IsFifoAndReportsEmpty) {
  TwoLockQueue<int, StdPlatform, TypeParam> queue;
  EXPECT_FALSE(queue.try_pop().has_value());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) queue.push(i);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.try_pop(), i);
    EXPECT_FALSE(queue.try_pop().has_value());
  }
}

TYPED_TEST(TwoLockQueueTest, DestroysWhatIsLeft) {
  const auto item = std::make_shared<int>(1);
  {
    TwoLockQueue<std::shared_ptr<int>, StdPlatform, TypeParam> queue;
    queue.push(item);
    queue.push(item);
    EXPECT_EQ(queue.try_pop(), item);
    EXPECT_EQ(item.use_count(), 2);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TYPED_TEST(TwoLockQueueTest, DeliversEachItemOnceAndEachProducersItemsInOrder) {
  constexpr int kThreads = 2;  // of each kind
  constexpr int kItems = 30'000;
  TwoLockQueue<std::unique_ptr<std::pair<int, int>>, StdPlatform, TypeParam> queue;
  std::atomic<int> left{kThreads * kItems};
  std::atomic<bool> ordered{true};
  std::barrier start(2 * kThreads);
  std::vector<std::thread> threads;
  for (int p = 0; p < kThreads; ++p) {
    threads.emplace_back([&, p] {
      start.arrive_and_wait();
      for (int i = 0; i < kItems; ++i) queue.push(std::make_unique<std::pair<int, int>>(p, i));
    });
    threads.emplace_back([&] {
      start.arrive_and_wait();
      std::vector<int> last(kThreads, -1);
      while (left.load() > 0) {
        const auto item = queue.try_pop();
        if (!item) {
          std::this_thread::yield();
          continue;
        }
        left.fetch_sub(1);
        const auto [producer, number] = **item;
        if (std::exchange(last[static_cast<std::size_t>(producer)], number) >= number) {
          ordered = false;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(left.load(), 0);
  EXPECT_FALSE(queue.try_pop().has_value());
}

}  // namespace
}  // namespace heddle
