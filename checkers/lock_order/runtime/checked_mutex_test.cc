// SPDX-License-Identifier: Apache-2.0
// The wrappers in a program without the analyzer: plain mutexes.
#include "checkers/lock_order/checked_mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace heddle {
namespace {

constexpr LockClass kOuter("outer", 1);
constexpr LockClass kInner("inner", 2);

TEST(CheckedMutex, ExcludesAndFitsStandardGuards) {
  CheckedMutex<std::mutex> outer(kOuter);
  CheckedMutex<std::mutex> inner(kInner);
  int count = 0;
  const auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      const std::scoped_lock both(outer, inner);
      ++count;
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(count, 4000);
  outer.lock();
  bool taken = true;
  std::thread([&] { taken = outer.try_lock(); }).join();
  EXPECT_FALSE(taken);
  outer.unlock();
}

TEST(CheckedMutex, TimedFunctionsExistWhereTheMutexHasThem) {
  CheckedMutex<std::timed_mutex> mutex;
  EXPECT_TRUE(mutex.try_lock_for(std::chrono::milliseconds(1)));
  bool taken = true;
  std::thread([&] { taken = mutex.try_lock_for(std::chrono::milliseconds(1)); }).join();
  EXPECT_FALSE(taken);
  mutex.unlock();
}

TEST(CheckedSharedMutex, ReadersShare) {
  CheckedSharedMutex<std::shared_mutex> mutex(kOuter);
  const std::shared_lock reader(mutex);
  bool shared = false;
  bool owned = true;
  std::thread([&] {
    shared = mutex.try_lock_shared();
    if (shared) mutex.unlock_shared();
    owned = mutex.try_lock();
  }).join();
  EXPECT_TRUE(shared);
  EXPECT_FALSE(owned);
}

TEST(Annotations, AreNothingWithoutTheAnalyzer) {
  int lock = 0;
  EXPECT_EQ(heddle_lock_order_active(), 0);
  heddle_lock_released(&lock);
  HEDDLE_ASSERT_HELD(lock);
}

}  // namespace
}  // namespace heddle
