// SPDX-License-Identifier: Apache-2.0
#include "primitives/process/robust_mutex.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/process/process_testing.h"

namespace heddle {
namespace {

using process_testing::Child;
using process_testing::InShared;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The status that a thread of its own gets; it ends as the owner, if it becomes that.
RobustStatus LockAndEnd(RobustMutex<>& mutex) {
  RobustStatus status = RobustStatus::kUnsupported;
  std::thread([&] { status = mutex.lock(); }).join();
  return status;
}

TEST(RobustMutexTest, OneOwnerAtATime) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 5'000;
  RobustMutex<> mutex;
  int count = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        ASSERT_EQ(mutex.lock(), RobustStatus::kOk);
        ++count;
        ASSERT_EQ(mutex.unlock(), RobustStatus::kOk);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kTurns);
}

TEST(RobustMutexTest, TellsMisuse) {
  RobustMutex<> mutex;
  EXPECT_EQ(mutex.unlock(), RobustStatus::kNotOwner);
  EXPECT_EQ(mutex.make_consistent(), RobustStatus::kNotOwner);
  ASSERT_EQ(mutex.lock(), RobustStatus::kOk);
  EXPECT_TRUE(mutex.owned());
  EXPECT_EQ(mutex.lock(), RobustStatus::kDeadlock);
  EXPECT_EQ(mutex.try_lock(), RobustStatus::kDeadlock);
  EXPECT_EQ(mutex.make_consistent(), RobustStatus::kOk);
  std::thread([&] {
    EXPECT_FALSE(mutex.owned());
    EXPECT_EQ(mutex.try_lock(), RobustStatus::kTimedOut);
    EXPECT_EQ(mutex.unlock(), RobustStatus::kNotOwner);
  }).join();
  EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
  EXPECT_EQ(mutex.unlock(), RobustStatus::kNotOwner);
}

TEST(RobustMutexTest, GivesUpAtTheDeadline) {
  RobustMutex<> mutex;
  ASSERT_EQ(mutex.try_lock_until(steady_clock::now() - milliseconds(1)), RobustStatus::kOk)
      << "it is free";
  std::thread([&] {
    const Deadline deadline = steady_clock::now() + milliseconds(20);
    EXPECT_EQ(mutex.try_lock_until(deadline), RobustStatus::kTimedOut);
    EXPECT_GE(steady_clock::now(), deadline);
    EXPECT_EQ(mutex.try_lock_until(Deadline::min()), RobustStatus::kTimedOut);
  }).join();
  EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
  EXPECT_EQ(LockAndEnd(mutex), RobustStatus::kOk);
}

TEST(RobustMutexTest, AThreadThatEndsAsTheOwnerIsToldOfOnce) {
  RobustMutex<> mutex;
  ASSERT_EQ(LockAndEnd(mutex), RobustStatus::kOk);
  ASSERT_EQ(LockAndEnd(mutex), RobustStatus::kOwnerDied);
  ASSERT_EQ(mutex.try_lock(), RobustStatus::kOwnerDied) << "nobody has mended it";
  EXPECT_EQ(mutex.make_consistent(), RobustStatus::kOk);
  EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
  ASSERT_EQ(mutex.lock(), RobustStatus::kOk);
  EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
}

TEST(RobustMutexTest, UnlockedUnmendedItIsLostForAllWaiters) {
  constexpr int kWaiters = 5;
  RobustMutex<> mutex;
  ASSERT_EQ(LockAndEnd(mutex), RobustStatus::kOk);
  ASSERT_EQ(mutex.lock(), RobustStatus::kOwnerDied);
  std::atomic<int> told{0};
  std::vector<std::thread> waiters;
  waiters.reserve(kWaiters);
  for (int i = 0; i < kWaiters; ++i) {
    waiters.emplace_back([&] { told += mutex.lock() == RobustStatus::kNotRecoverable ? 1 : 0; });
  }
  EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(told, kWaiters);
  EXPECT_EQ(mutex.try_lock(), RobustStatus::kNotRecoverable);
  EXPECT_EQ(mutex.try_lock_until(steady_clock::now()), RobustStatus::kNotRecoverable);
  EXPECT_EQ(mutex.unlock(), RobustStatus::kNotOwner);
}

TEST(RobustMutexTest, AKilledProcessIsToldOfToASleepingWaiter) {
  const InShared<RobustMutex<>> mutex;
  Child owner([&](process_testing::Channel parent) {
    if (mutex->lock() != RobustStatus::kOk) return 1;
    parent.tell('o');
    parent.hear();
    return 0;
  });
  ASSERT_EQ(owner.channel().hear(), 'o');
  Child waiter([&](process_testing::Channel) {
    if (mutex->lock() != RobustStatus::kOwnerDied) return 1;
    if (mutex->make_consistent() != RobustStatus::kOk) return 2;
    return mutex->unlock() == RobustStatus::kOk ? 0 : 3;
  });
  process_testing::AwaitSleep(waiter.pid());
  owner.kill();
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_EQ(mutex->try_lock(), RobustStatus::kOk);
  EXPECT_EQ(mutex->unlock(), RobustStatus::kOk);
}

TEST(RobustMutexTest, AProcessThatBecomesAnotherProgramIsDead) {
  const InShared<RobustMutex<>> mutex;
  Child owner([&](process_testing::Channel) {
    if (mutex->lock() != RobustStatus::kOk) return 1;
    ::execl("/bin/true", "true", nullptr);
    return 2;
  });
  ASSERT_EQ(owner.wait(), 0);
  EXPECT_EQ(mutex->try_lock(), RobustStatus::kOwnerDied);
  EXPECT_EQ(mutex->make_consistent(), RobustStatus::kOk);
  EXPECT_EQ(mutex->unlock(), RobustStatus::kOk);
}

TEST(RobustMutexTest, AForkedChildDoesNotOwnWhatItsParentOwns) {
  const InShared<RobustMutex<>> mutex;
  ASSERT_EQ(mutex->lock(), RobustStatus::kOk);
  Child child([&](process_testing::Channel) {
    if (mutex->owned()) return 1;
    if (mutex->unlock() != RobustStatus::kNotOwner) return 2;
    return mutex->try_lock() == RobustStatus::kTimedOut ? 0 : 3;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(mutex->unlock(), RobustStatus::kOk);
  // And it can own what it locks itself.
  Child other([&](process_testing::Channel) {
    return mutex->lock() == RobustStatus::kOk ? 0 : 1;  // and ends
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_EQ(mutex->try_lock(), RobustStatus::kOwnerDied);
  EXPECT_EQ(mutex->make_consistent(), RobustStatus::kOk);
  EXPECT_EQ(mutex->unlock(), RobustStatus::kOk);
}

// The C library's robust mutexes are on the same list, in any order of locking and unlocking.
TEST(RobustMutexTest, SharesTheListWithTheCLibrary) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  std::array<pthread_mutex_t, 3> theirs{};
  for (pthread_mutex_t& mutex : theirs) pthread_mutex_init(&mutex, &attributes);
  std::array<RobustMutex<>, 3> ours;
  const auto lock = [&](std::size_t i) {
    // Tried, so that ThreadSanitizer does not mind the order, which is the test's business.
    EXPECT_EQ(pthread_mutex_trylock(&theirs[i]), 0);
    EXPECT_EQ(ours[i].lock(), RobustStatus::kOk);
  };
  const auto unlock_ours = [&](std::size_t i) { EXPECT_EQ(ours[i].unlock(), RobustStatus::kOk); };
  const auto unlock_theirs = [&](std::size_t i) { EXPECT_EQ(pthread_mutex_unlock(&theirs[i]), 0); };
  std::thread([&] {
    for (const std::size_t i : {0, 1, 2}) lock(i);
    unlock_theirs(1);  // from the middle
    unlock_ours(1);
    unlock_ours(2);    // the newest
    unlock_theirs(0);  // the oldest
    lock(1);
    unlock_ours(0);
  }).join();
  // It ended with these: ours[1], theirs[1], theirs[2].
  EXPECT_EQ(ours[0].try_lock(), RobustStatus::kOk);
  EXPECT_EQ(ours[1].try_lock(), RobustStatus::kOwnerDied);
  EXPECT_EQ(ours[2].try_lock(), RobustStatus::kOk);
  EXPECT_EQ(pthread_mutex_trylock(&theirs[0]), 0);
  EXPECT_EQ(pthread_mutex_trylock(&theirs[1]), EOWNERDEAD);
  EXPECT_EQ(pthread_mutex_trylock(&theirs[2]), EOWNERDEAD);
  for (pthread_mutex_t& mutex : theirs) {
    pthread_mutex_consistent(&mutex);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    pthread_mutex_destroy(&mutex);
  }
  for (RobustMutex<>& mutex : ours) EXPECT_EQ(mutex.unlock(), RobustStatus::kOk);
  pthread_mutexattr_destroy(&attributes);
}

// As many as the kernel looks after.
TEST(RobustMutexTest, AThreadMayOwn2048) {
  std::vector<RobustMutex<>> mutexes(2048);
  std::thread([&] {
    for (RobustMutex<>& mutex : mutexes) ASSERT_EQ(mutex.try_lock(), RobustStatus::kOk);
  }).join();
  for (RobustMutex<>& mutex : mutexes) {
    ASSERT_EQ(mutex.try_lock(), RobustStatus::kOwnerDied);
    mutex.make_consistent();
    mutex.unlock();
  }
}

// A mapping that is new is zero, and zero is a free mutex.
TEST(RobustMutexTest, ZeroBytesAreAFreeMutex) {
  static_assert(sizeof(RobustMutex<>) == 48);
  const InShared<RobustMutex<>> mutex;
  std::memset(static_cast<void*>(&*mutex), 0, sizeof(RobustMutex<>));
  EXPECT_EQ(mutex->lock(), RobustStatus::kOk);
  EXPECT_EQ(mutex->unlock(), RobustStatus::kOk);
}

}  // namespace
}  // namespace heddle
