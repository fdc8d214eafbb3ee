// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/futex_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(FutexMutex, LockSuite, FutexMutex<>);

// The standard platform, counting system calls.
struct CountingPlatform : StdPlatform {
  static inline std::atomic<int> parks{0};
  static inline std::atomic<int> unparks{0};
  static ParkResult park(Atomic<std::uint32_t>* word, std::uint32_t value, Deadline deadline) {
    ++parks;
    return StdPlatform::park(word, value, deadline);
  }
  static void unpark(Atomic<std::uint32_t>* word, int count) {
    ++unparks;
    StdPlatform::unpark(word, count);
  }
};

TEST(FutexMutexTest, IsFourBytes) { EXPECT_EQ(sizeof(FutexMutex<>), 4U); }

TEST(FutexMutexTest, NoSystemCallWithoutAWaiter) {
  CountingPlatform::parks = 0;
  CountingPlatform::unparks = 0;
  FutexMutex<CountingPlatform> mutex;
  for (int i = 0; i < 100; ++i) {
    mutex.lock();
    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock();
  }
  EXPECT_EQ(CountingPlatform::parks, 0);
  EXPECT_EQ(CountingPlatform::unparks, 0);
}

TEST(FutexMutexTest, AWaiterSleepsAndIsWokenOnce) {
  CountingPlatform::parks = 0;
  CountingPlatform::unparks = 0;
  FutexMutex<CountingPlatform> mutex;
  mutex.lock();
  std::thread waiter([&] {
    mutex.lock();
    mutex.unlock();
  });
  while (CountingPlatform::parks == 0) std::this_thread::yield();
  mutex.unlock();
  waiter.join();
  // One by the holder, one needless by the waiter, which cannot know that it was alone.
  EXPECT_EQ(CountingPlatform::unparks, 2);
  mutex.lock();
  mutex.unlock();
  EXPECT_EQ(CountingPlatform::unparks, 2);
}

TEST(FutexMutexTest, UnlockOfAFreeMutexDoesNothing) {
  FutexMutex<> mutex;
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock());
}

}  // namespace
}  // namespace heddle
