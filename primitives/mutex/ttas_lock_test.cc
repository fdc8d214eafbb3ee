// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/ttas_lock.h"

#include <gtest/gtest.h>

#include <thread>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(TtasLock, LockSuite, TtasLock<>);

TEST(TtasLockTest, IsOneByte) { EXPECT_EQ(sizeof(TtasLock<>), 1U); }

TEST(TtasLockTest, UnlockOfAFreeLockDoesNothing) {
  TtasLock<> lock;
  lock.unlock();
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
}

TEST(TtasLockTest, AnotherThreadMayUnlock) {
  TtasLock<> lock;
  lock.lock();
  std::thread([&] { lock.unlock(); }).join();
  EXPECT_TRUE(lock.try_lock());
}

}  // namespace
}  // namespace heddle
