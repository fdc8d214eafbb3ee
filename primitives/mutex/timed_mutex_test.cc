// SPDX-License-Identifier: Apache-2.0
#include "primitives/mutex/timed_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "primitives/mutex/lock_suite.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

INSTANTIATE_TYPED_TEST_SUITE_P(TimedMutex, LockSuite, TimedMutex<>);

TEST(TimedMutexTest, TakesAFreeMutexWhateverTheDeadline) {
  TimedMutex<> mutex;
  EXPECT_TRUE(mutex.try_lock_until(Deadline{}));
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_until(kNever));
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock_for(milliseconds(-1)));
  mutex.unlock();
  const std::unique_lock hold(mutex, milliseconds(5));
  EXPECT_TRUE(hold.owns_lock());
}

TEST(TimedMutexTest, ReturnsAtTheDeadlineNotBefore) {
  TimedMutex<> mutex;
  mutex.lock();
  const Deadline start = steady_clock::now();
  EXPECT_FALSE(mutex.try_lock_until(start + milliseconds(20)));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
  const Deadline again = steady_clock::now();
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(20)));
  EXPECT_GE(steady_clock::now() - again, milliseconds(20));
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
}

TEST(TimedMutexTest, ADeadlineInThePastDoesNotWait) {
  TimedMutex<> mutex;
  mutex.lock();
  EXPECT_FALSE(mutex.try_lock_until(Deadline{}));
  EXPECT_FALSE(mutex.try_lock_until(Deadline::min()));
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(0)));
  EXPECT_FALSE(mutex.try_lock_for(std::chrono::hours::min()));
  mutex.unlock();
}

TEST(TimedMutexTest, AHugeDurationIsNoLimit) {
  TimedMutex<> mutex;
  mutex.lock();
  std::atomic<int> started{0};
  int balance = 0;
  std::thread hours([&] {
    ++started;
    EXPECT_TRUE(mutex.try_lock_for(std::chrono::hours::max()));
    ++balance;
    mutex.unlock();
  });
  std::thread seconds([&] {
    ++started;
    EXPECT_TRUE(mutex.try_lock_for(std::chrono::duration<double>(1e300)));
    ++balance;
    mutex.unlock();
  });
  while (started != 2) std::this_thread::yield();
  mutex.unlock();
  hours.join();
  seconds.join();
  EXPECT_EQ(balance, 2);
}

// Waiters that give up all the time must not cost those who wait without a limit their wake-ups.
TEST(TimedMutexTest, ImpatientWaitersDoNotStarvePatientOnes) {
  TimedMutex<> mutex;
  int balance = 0;
  std::atomic<int> taken{0};
  OnThreads(4, [&](int index) {
    for (int i = 0; i < 2000; ++i) {
      if (index < 2) {
        mutex.lock();
      } else if (!mutex.try_lock_for(std::chrono::microseconds(i % 50))) {
        continue;
      }
      ++balance;
      if (i % 64 == 0) std::this_thread::yield();
      mutex.unlock();
      taken.fetch_add(1, std::memory_order_relaxed);
    }
  });
  EXPECT_EQ(balance, taken.load());
  EXPECT_GE(balance, 4000);
  EXPECT_TRUE(mutex.try_lock());
}

}  // namespace
}  // namespace heddle
