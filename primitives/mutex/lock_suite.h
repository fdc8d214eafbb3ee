// SPDX-License-Identifier: Apache-2.0
//
// The tests that every mutex must pass:
//     INSTANTIATE_TYPED_TEST_SUITE_P(TicketLock, LockSuite, TicketLock<>);
// What a lock does not have (try_lock) is left out.
#ifndef HEDDLE_PRIMITIVES_MUTEX_LOCK_SUITE_H_
#define HEDDLE_PRIMITIVES_MUTEX_LOCK_SUITE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace heddle {

template <class Lock>
concept Lockable = requires(Lock lock) {
  { lock.try_lock() } -> std::same_as<bool>;
};

// Runs body(index) on `count` threads that start together, and waits for them.
template <class Body>
void OnThreads(int count, Body body) {
  std::atomic<int> missing{count};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      missing.fetch_sub(1);
      while (missing.load() != 0) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

template <class Lock>
class LockSuite : public testing::Test {};
TYPED_TEST_SUITE_P(LockSuite);

TYPED_TEST_P(LockSuite, LocksAgainAfterUnlock) {
  TypeParam lock;
  for (int i = 0; i < 3; ++i) {
    lock.lock();
    lock.unlock();
  }
}

TYPED_TEST_P(LockSuite, WorksWithScopedLock) {
  TypeParam lock;
  {
    const std::scoped_lock hold(lock);
  }
  std::unique_lock hold(lock);
  hold.unlock();
  hold.lock();
}

TYPED_TEST_P(LockSuite, LetsOneInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 3000;
  TypeParam lock;
  int balance = 0;
  int inside = 0;
  OnThreads(kThreads, [&](int) {
    for (int i = 0; i < kRounds; ++i) {
      const std::scoped_lock hold(lock);
      EXPECT_EQ(++inside, 1);
      ++balance;
      if (i % 8 == 0) std::this_thread::yield();  // so that others come while it is held
      --inside;
    }
  });
  EXPECT_EQ(balance, kThreads * kRounds);
}

// More threads than processors, and holders that lose theirs.
TYPED_TEST_P(LockSuite, GetsOnWhenOversubscribed) {
  const int threads = 4 * static_cast<int>(std::max(2U, std::thread::hardware_concurrency()));
  constexpr int kRounds = 100;
  TypeParam lock;
  int balance = 0;
  OnThreads(std::min(threads, 32), [&](int) {
    for (int i = 0; i < kRounds; ++i) {
      const std::scoped_lock hold(lock);
      ++balance;
      if (i % 10 == 0) std::this_thread::yield();
    }
  });
  EXPECT_EQ(balance, std::min(threads, 32) * kRounds);
}

// A waiter that has had time to fall asleep still gets in.
TYPED_TEST_P(LockSuite, WakesAWaiter) {
  TypeParam lock;
  bool written = false;
  for (int round = 0; round < 20; ++round) {
    lock.lock();
    std::atomic<bool> started{false};
    std::thread waiter([&] {
      started = true;
      const std::scoped_lock hold(lock);
      EXPECT_TRUE(written);
      written = false;
    });
    while (!started) std::this_thread::yield();
    for (int i = 0; i < round * 50; ++i) std::this_thread::yield();
    written = true;
    lock.unlock();
    waiter.join();
    EXPECT_FALSE(written);
  }
}

TYPED_TEST_P(LockSuite, LastUserMayDestroy) {
  struct Shared {
    TypeParam lock;
    int users = 2;
  };
  for (int round = 0; round < 300; ++round) {
    auto* const shared = new Shared;
    OnThreads(2, [shared](int) {
      shared->lock.lock();
      const int left = --shared->users;
      shared->lock.unlock();
      if (left == 0) delete shared;
    });
  }
}

TYPED_TEST_P(LockSuite, TryLockTakesOnlyAFreeLock) {
  if constexpr (Lockable<TypeParam>) {
    TypeParam lock;
    const auto try_elsewhere = [&lock] {
      bool taken = false;
      std::thread([&] {
        taken = lock.try_lock();
        if (taken) lock.unlock();
      }).join();
      return taken;
    };
    ASSERT_TRUE(lock.try_lock());
    EXPECT_FALSE(try_elsewhere());
    lock.unlock();
    EXPECT_TRUE(try_elsewhere());
    lock.lock();
    EXPECT_FALSE(try_elsewhere());
    EXPECT_FALSE(try_elsewhere());
    lock.unlock();
    EXPECT_TRUE(try_elsewhere());
  }
}

TYPED_TEST_P(LockSuite, TryLockMixesWithLock) {
  if constexpr (Lockable<TypeParam>) {
    TypeParam lock;
    int balance = 0;
    std::atomic<int> expected{0};
    OnThreads(4, [&](int index) {
      for (int i = 0; i < 2000; ++i) {
        if (index % 2 == 0) {
          lock.lock();
        } else if (!lock.try_lock()) {
          continue;
        }
        ++balance;
        lock.unlock();
        expected.fetch_add(1, std::memory_order_relaxed);
      }
    });
    EXPECT_EQ(balance, expected.load());
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }
}

// std::scoped_lock of two locks, named in both orders, needs try_lock() to avoid the deadlock.
TYPED_TEST_P(LockSuite, TwoAtOnce) {
  if constexpr (Lockable<TypeParam>) {
    TypeParam first;
    TypeParam second;
    int balance = 0;
    OnThreads(2, [&](int index) {
      for (int i = 0; i < 1000; ++i) {
        const std::scoped_lock hold(index == 0 ? first : second, index == 0 ? second : first);
        ++balance;
      }
    });
    EXPECT_EQ(balance, 2000);
  }
}

REGISTER_TYPED_TEST_SUITE_P(LockSuite, LocksAgainAfterUnlock, WorksWithScopedLock, LetsOneInAtATime,
                            GetsOnWhenOversubscribed, WakesAWaiter, LastUserMayDestroy,
                            TryLockTakesOnlyAFreeLock, TryLockMixesWithLock, TwoAtOnce);

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_LOCK_SUITE_H_
