// SPDX-License-Identifier: Apache-2.0
#include "primitives/hierarchy/lock_all.h"

#include <gtest/gtest.h>

#include <array>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace heddle {
namespace {

// A lock that says what was done to it, and refuses try_lock() as often as it is told to.
class Fake {
 public:
  void lock() {
    EXPECT_EQ(*held_in_all_, 0) << "waits while it holds another";
    acquire();
  }
  bool try_lock() {
    if (refuse > 0) {
      --refuse;
      return false;
    }
    acquire();
    return true;
  }
  void unlock() {
    EXPECT_TRUE(held);
    held = false;
    --*held_in_all_;
  }

  explicit Fake(int* held_in_all) : held_in_all_(held_in_all) {}
  bool held = false;
  int refuse = 0;
  int acquired = 0;

 private:
  void acquire() {
    EXPECT_FALSE(held);
    held = true;
    ++acquired;
    ++*held_in_all_;
  }
  int* held_in_all_;
};

TEST(LockAllTest, HoldsAllAndReleasesAll) {
  std::mutex a, b, c;
  {
    const LockAllGuard hold(c, a, b);
    std::thread([&] {
      EXPECT_FALSE(a.try_lock());
      EXPECT_FALSE(b.try_lock());
      EXPECT_FALSE(c.try_lock());
    }).join();
  }
  std::thread([&] {
    for (std::mutex* mutex : {&a, &b, &c}) {
      EXPECT_TRUE(mutex->try_lock());
      mutex->unlock();
    }
  }).join();
}

TEST(LockAllTest, TakesLocksOfDifferentTypes) {
  std::mutex a;
  std::recursive_mutex b;
  std::timed_mutex c;
  lock_all(b, c, a);
  std::thread([&] {
    EXPECT_FALSE(a.try_lock());
    EXPECT_FALSE(b.try_lock());
    EXPECT_FALSE(c.try_lock());
  }).join();
  a.unlock();
  b.unlock();
  c.unlock();
  {
    const LockAllGuard hold(a, b, c);
  }
  EXPECT_TRUE(a.try_lock());
  a.unlock();
}

TEST(LockAllTest, TakesAsManyAsThereAre) {
  for (int count = 0; count <= 9; ++count) {
    std::vector<std::mutex> mutexes(static_cast<std::size_t>(count));
    std::vector<std::mutex*> pointers;
    for (std::mutex& mutex : mutexes) pointers.insert(pointers.begin(), &mutex);
    lock_all(std::span(pointers));
    std::thread([&] {
      for (std::mutex& mutex : mutexes) EXPECT_FALSE(mutex.try_lock());
    }).join();
    unlock_all(std::span(pointers));
    for (std::mutex& mutex : mutexes) {
      EXPECT_TRUE(mutex.try_lock());
      mutex.unlock();
    }
  }
}

TEST(LockAllTest, NeverWaitsWhileItHolds) {
  // Whichever refuse, and however often, before and after the rotations are used up.
  for (int mask = 0; mask < 8; ++mask) {
    for (int times : {1, 2, 40}) {
      int held = 0;
      Fake a(&held), b(&held), c(&held);
      if ((mask & 1) != 0) a.refuse = times;
      if ((mask & 2) != 0) b.refuse = times;
      if ((mask & 4) != 0) c.refuse = times;
      lock_all(a, b, c);
      EXPECT_TRUE(a.held && b.held && c.held);
      EXPECT_EQ(held, 3);
    }
  }
}

TEST(LockAllTest, WaitsNextForTheOneThatFailed) {
  int held = 0;
  std::array<Fake, 3> locks{Fake(&held), Fake(&held), Fake(&held)};
  locks[2].refuse = 1;
  lock_all(locks[0], locks[1], locks[2]);
  // 0 and 1 were given back once; 2 was taken first in the second round, and kept.
  EXPECT_EQ(locks[0].acquired, 2);
  EXPECT_EQ(locks[1].acquired, 2);
  EXPECT_EQ(locks[2].acquired, 1);
}

TEST(LockAllTest, ManyThreadsWithOverlappingSets) {
  constexpr int kLocks = 5;
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  std::array<std::mutex, kLocks> mutexes;
  std::array<int, kLocks> counts{};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const std::size_t i = static_cast<std::size_t>(t + round) % kLocks;
        const std::size_t j = (i + 1 + static_cast<std::size_t>(round) % (kLocks - 1)) % kLocks;
        const LockAllGuard hold(mutexes[j], mutexes[i]);
        ++counts[i];
        ++counts[j];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (int count : counts) sum += count;
  EXPECT_EQ(sum, 2 * kThreads * kRounds);
}

TEST(LockAllTest, DoesNotDeadlockWithAnyNesting) {
  std::mutex a, b;
  int count = 0;
  constexpr int kRounds = 3000;
  auto nested = [&](std::mutex& first, std::mutex& second) {
    for (int i = 0; i < kRounds; ++i) {
      const std::scoped_lock outer(first);
      const std::scoped_lock inner(second);
      ++count;
    }
  };
  std::thread with_all([&] {
    for (int i = 0; i < kRounds; ++i) {
      const LockAllGuard hold(a, b);
      ++count;
    }
  });
  std::thread by_hand([&] { nested(b, a); });
  with_all.join();
  by_hand.join();
  EXPECT_EQ(count, 2 * kRounds);
}

}  // namespace
}  // namespace heddle
