// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/mcs_lock.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(McsLock, LockSuite, McsLock<>);

TEST(McsLockTest, LetsInInTheOrderOfJoining) {
  McsLock<> lock;
  lock.lock();
  std::vector<McsLock<>::Node> nodes(8);
  for (McsLock<>::Node& node : nodes) EXPECT_FALSE(lock.join(node));
  lock.unlock();
  std::vector<int> order;
  OnThreads(8, [&](int index) {
    McsLock<>::Node& node = nodes[static_cast<std::size_t>(index)];
    lock.wait(node);
    order.push_back(index);
    lock.unlock(node);
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(lock.try_lock());
}

TEST(McsLockTest, JoinOfAnEmptyQueueHoldsTheLock) {
  McsLock<> lock;
  McsLock<>::Node node;
  EXPECT_TRUE(lock.join(node));
  EXPECT_FALSE(lock.try_lock());
  lock.unlock(node);
  EXPECT_TRUE(lock.try_lock());
}

TEST(McsLockTest, NodesAndNoNodesMix) {
  McsLock<> lock;
  McsLock<> other;
  int balance = 0;
  OnThreads(4, [&](int index) {
    McsLock<>::Node node;
    for (int i = 0; i < 3000; ++i) {
      if (index % 2 == 0) {
        lock.lock(node);
        ++balance;
        lock.unlock(node);
        other.lock(node);  // the same node, another lock
        other.unlock(node);
      } else {
        lock.lock();
        ++balance;
        lock.unlock();
      }
    }
  });
  EXPECT_EQ(balance, 12'000);
}

}  // namespace
}  // namespace heddle
