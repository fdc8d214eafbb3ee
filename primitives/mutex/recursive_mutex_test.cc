// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/recursive_mutex.h"

#include <gtest/gtest.h>

#include <mutex>
#include <system_error>
#include <thread>

#include "primitives/mutex/lock_suite.h"
#include "primitives/mutex/ttas_lock.h"

namespace heddle {
namespace {

using SpinningRecursiveMutex = RecursiveMutex<StdPlatform, TtasLock<>>;

INSTANTIATE_TYPED_TEST_SUITE_P(RecursiveMutex, LockSuite, RecursiveMutex<>);
INSTANTIATE_TYPED_TEST_SUITE_P(SpinningRecursiveMutex, LockSuite, SpinningRecursiveMutex);

template <class Body>
void Elsewhere(Body body) {
  std::thread(body).join();
}

TEST(RecursiveMutexTest, FreeOnlyAfterAsManyUnlocksAsLocks) {
  RecursiveMutex<> mutex;
  mutex.lock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.lock();
  for (int depth = 3; depth > 0; --depth) {
    Elsewhere([&] { EXPECT_FALSE(mutex.try_lock()); });
    EXPECT_TRUE(mutex.unlock());
  }
  Elsewhere([&] {
    EXPECT_TRUE(mutex.try_lock());
    EXPECT_TRUE(mutex.unlock());
  });
}

TEST(RecursiveMutexTest, RefusesUnlockByOthers) {
  RecursiveMutex<> mutex;
  EXPECT_FALSE(mutex.unlock());
  mutex.lock();
  Elsewhere([&] {
    EXPECT_FALSE(mutex.unlock());
    EXPECT_FALSE(mutex.try_lock());
  });
  EXPECT_TRUE(mutex.unlock());
  EXPECT_FALSE(mutex.unlock());
}

TEST(RecursiveMutexTest, DepthIsLimited) {
  RecursiveMutex<> mutex;
  for (std::uint32_t i = 0; i < RecursiveMutex<>::kMaxDepth; ++i) mutex.lock();
  EXPECT_FALSE(mutex.try_lock());
  try {
    mutex.lock();
    ADD_FAILURE() << "went deeper than kMaxDepth";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::resource_unavailable_try_again);
  }
  for (std::uint32_t i = 0; i < RecursiveMutex<>::kMaxDepth; ++i) EXPECT_TRUE(mutex.unlock());
  EXPECT_FALSE(mutex.unlock());
  Elsewhere([&] {
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST(RecursiveMutexTest, NestsUnderContention) {
  RecursiveMutex<> mutex;
  int balance = 0;
  OnThreads(4, [&](int) {
    for (int i = 0; i < 2000; ++i) {
      const std::scoped_lock outer(mutex);
      const int before = balance;
      {
        const std::scoped_lock inner(mutex);
        ++balance;
      }
      EXPECT_EQ(balance, before + 1);
      ++balance;
    }
  });
  EXPECT_EQ(balance, 4 * 2000 * 2);
}

}  // namespace
}  // namespace heddle
