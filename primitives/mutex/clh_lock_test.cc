// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/clh_lock.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <mutex>
#include <vector>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(ClhLock, LockSuite, ClhLock<>);

TEST(ClhLockTest, LetsInInTheOrderOfJoining) {
  ClhLock<> lock;
  std::vector<ClhLock<>::Node> nodes(8);
  for (ClhLock<>::Node& node : nodes) lock.join(node);
  std::vector<int> order;
  OnThreads(8, [&](int index) {
    lock.wait(nodes[static_cast<std::size_t>(index)]);
    order.push_back(index);
    lock.unlock();
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(ClhLockTest, OneNodeServesManyLocksAtOnce) {
  ClhLock<> outer;
  ClhLock<> inner;
  int balance = 0;
  OnThreads(4, [&](int) {
    ClhLock<>::Node node;
    for (int i = 0; i < 3000; ++i) {
      outer.lock(node);
      const std::lock_guard hold(outer, std::adopt_lock);
      inner.lock(node);
      ++balance;
      inner.unlock();
    }
  });
  EXPECT_EQ(balance, 12'000);
}

TEST(ClhLockTest, NodeOutlivesTheLockAndTheOtherWayRound) {
  ClhLock<>::Node survivor;
  {
    ClhLock<> lock;
    lock.lock(survivor);
    lock.unlock();
  }
  ClhLock<> lock;
  lock.lock(survivor);
  lock.unlock();
  {
    ClhLock<>::Node node;
    lock.lock(node);
    lock.unlock();
  }
  lock.lock();
  lock.unlock();
}

TEST(ClhLockTest, NodesAndNoNodesMix) {
  ClhLock<> lock;
  int balance = 0;
  OnThreads(4, [&](int index) {
    ClhLock<>::Node node;
    for (int i = 0; i < 3000; ++i) {
      index % 2 == 0 ? lock.lock(node) : lock.lock();
      ++balance;
      lock.unlock();
    }
  });
  EXPECT_EQ(balance, 12'000);
}

}  // namespace
}  // namespace heddle
