// SPDX-License-Identifier: Apache-2.0
#include "primitives/file_lock/file_lock.h"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/file_lock/file_lock_testing.h"

namespace heddle {
namespace {

using file_lock_testing::Channel;
using file_lock_testing::Child;
using file_lock_testing::TempDir;

Deadline In(int milliseconds) {
  return StdPlatform::Clock::now() + std::chrono::milliseconds(milliseconds);
}

template <class Lock>
class FileLockTest : public testing::Test {
 protected:
  TempDir dir_;
  const std::string path_ = dir_ / "lock";
};

using Backends = testing::Types<FileLock<StdPlatform, FileLockBackend::kOfd>,
                                FileLock<StdPlatform, FileLockBackend::kFlock>>;
TYPED_TEST_SUITE(FileLockTest, Backends);

TYPED_TEST(FileLockTest, LocksAndUnlocks) {
  TypeParam lock(this->path_);
  EXPECT_FALSE(lock.held());
  EXPECT_EQ(lock.unlock().error(), EPERM);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(lock.lock().ok());
    EXPECT_TRUE(lock.held());
    EXPECT_EQ(lock.lock().error(), EDEADLK);
    EXPECT_EQ(lock.try_lock_shared().error(), EDEADLK);
    EXPECT_TRUE(lock.unlock().ok());
    EXPECT_FALSE(lock.held());
  }
}

TYPED_TEST(FileLockTest, ObjectsOfOneProcessExcludeEachOther) {
  TypeParam first(this->path_);
  TypeParam second(this->path_);
  ASSERT_TRUE(first.lock().ok());
  EXPECT_TRUE(second.try_lock().busy());
  EXPECT_TRUE(second.try_lock_shared().busy());
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(second.try_lock().ok());
}

TYPED_TEST(FileLockTest, ReadersShareAndExcludeWriters) {
  TypeParam first(this->path_);
  TypeParam second(this->path_);
  TypeParam writer(this->path_);
  ASSERT_TRUE(first.lock_shared().ok());
  ASSERT_TRUE(second.lock_shared().ok());
  EXPECT_EQ(first.unlock_and_remove().error(), EPERM);
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(writer.try_lock().busy());
  ASSERT_TRUE(second.unlock().ok());
  EXPECT_TRUE(writer.try_lock().ok());
}

TYPED_TEST(FileLockTest, TimesOutAndNotBefore) {
  TypeParam first(this->path_);
  TypeParam second(this->path_);
  ASSERT_TRUE(first.lock().ok());
  const Deadline deadline = In(20);
  EXPECT_TRUE(second.try_lock_until(deadline).timed_out());
  EXPECT_GE(StdPlatform::Clock::now(), deadline);
  EXPECT_TRUE(second.try_lock_shared_until(In(-1)).timed_out());
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(second.try_lock_until(In(-1)).ok()) << "a free lock is taken however late it is";
}

TYPED_TEST(FileLockTest, SaysWhyItCannotLock) {
  TypeParam lock(this->dir_ / "absent/lock");
  EXPECT_EQ(lock.lock().error(), ENOENT);
  EXPECT_EQ(lock.try_lock_until(In(1000)).error(), ENOENT);
  EXPECT_FALSE(lock.lock().message().empty());
}

TYPED_TEST(FileLockTest, DestructorUnlocks) {
  TypeParam second(this->path_);
  {
    TypeParam first(this->path_);
    ASSERT_TRUE(first.lock().ok());
    ASSERT_TRUE(second.try_lock().busy());
  }
  EXPECT_TRUE(second.try_lock().ok());
}

TYPED_TEST(FileLockTest, ThreadsAddUp) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 1000;
  struct Counter {
    int value = 0;
  } counter;
  // ThreadSanitizer does not know that the kernel's locks order memory: a mutex tells it, and
  // try_lock() shows that nobody else is inside.
  std::mutex inside;
  std::atomic<int> collisions{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      TypeParam lock(this->path_);
      for (int round = 0; round < kRounds; ++round) {
        if (!lock.lock().ok()) std::abort();
        if (inside.try_lock()) {
          ++counter.value;
          inside.unlock();
        } else {
          collisions.fetch_add(1, std::memory_order_relaxed);
        }
        const FileLockStatus status = round % 10 == 0 ? lock.unlock_and_remove() : lock.unlock();
        if (!status.ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collisions.load(), 0);
  EXPECT_EQ(counter.value, kThreads * kRounds);
}

TYPED_TEST(FileLockTest, ProcessesExcludeEachOtherAndAKillReleases) {
  Child child([&](Channel parent) {
    TypeParam lock(this->path_);
    if (!lock.lock().ok()) return 1;
    parent.tell('L');
    parent.hear();
    return 0;
  });
  ASSERT_EQ(child.channel().hear(), 'L');
  TypeParam lock(this->path_);
  EXPECT_TRUE(lock.try_lock().busy());
  EXPECT_EQ(child.kill(), 128 + SIGKILL);
  EXPECT_TRUE(lock.try_lock().ok());
}

TYPED_TEST(FileLockTest, WaitsInTheKernelForAnotherProcess) {
  TypeParam lock(this->path_);
  ASSERT_TRUE(lock.lock().ok());
  Child child([&](Channel parent) {
    TypeParam mine(this->path_);
    if (!mine.try_lock().busy()) return 1;
    parent.tell('B');
    return mine.lock().ok() ? 0 : 2;
  });
  ASSERT_EQ(child.channel().hear(), 'B');
  ASSERT_TRUE(lock.unlock().ok());
  EXPECT_EQ(child.wait(), 0);
}

// The child waits on a file that is removed under it, and must end on the new one.
TYPED_TEST(FileLockTest, FollowsTheName) {
  TypeParam first(this->path_);
  TypeParam second(this->path_);
  ASSERT_TRUE(first.lock().ok());
  ASSERT_TRUE(second.try_lock().busy());  // has opened the file that is about to go
  ASSERT_TRUE(first.unlock_and_remove().ok());
  EXPECT_EQ(this->dir_.files(), 0);
  ASSERT_TRUE(first.lock().ok());
  EXPECT_TRUE(second.try_lock().busy());
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(second.try_lock().ok());
}

TYPED_TEST(FileLockTest, LeavesAnotherFileAlone) {
  TypeParam first(this->path_);
  TypeParam second(this->path_);
  ASSERT_TRUE(first.lock().ok());
  ASSERT_EQ(::unlink(this->path_.c_str()), 0);
  ASSERT_TRUE(second.lock().ok());
  EXPECT_EQ(first.unlock_and_remove().error(), ESTALE);
  EXPECT_EQ(this->dir_.files(), 1);
}

TYPED_TEST(FileLockTest, AChildDoesNotHoldItsParentsLock) {
  TypeParam lock(this->path_);
  ASSERT_TRUE(lock.lock().ok());
  Child child([&](Channel) {
    if (lock.held()) return 1;
    if (lock.unlock().error() != EPERM) return 2;
    if (lock.unlock_and_remove().error() != EPERM) return 3;
    if (!lock.try_lock().busy()) return 4;  // on a description of its own
    lock.~TypeParam();
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  TypeParam other(this->path_);
  EXPECT_TRUE(other.try_lock().busy()) << "the child released its parent's lock";
  EXPECT_TRUE(lock.held());
}

TYPED_TEST(FileLockTest, AChildsCopyDoesNotKeepTheLock) {
  TypeParam lock(this->path_);
  ASSERT_TRUE(lock.lock().ok());
  Child child([&](Channel parent) {
    parent.hear();
    return 0;
  });
  ASSERT_TRUE(lock.unlock().ok());
  TypeParam other(this->path_);
  EXPECT_TRUE(other.try_lock().ok()) << "the child's copy of the descriptor keeps it";
}

// An unlocked object has a descriptor, too: used by parent and child it would give both the lock.
TYPED_TEST(FileLockTest, ParentAndChildExcludeEachOther) {
  TypeParam lock(this->path_);
  ASSERT_TRUE(lock.lock().ok());
  ASSERT_TRUE(lock.unlock().ok());
  Child child([&](Channel parent) {
    if (!lock.lock().ok()) return 1;
    parent.tell('L');
    parent.hear();
    return 0;
  });
  ASSERT_EQ(child.channel().hear(), 'L');
  EXPECT_TRUE(lock.try_lock().busy());
}

TEST(OfdFileLockTest, ClosingAnotherDescriptorKeepsTheLock) {
  const TempDir dir;
  FileLock<> lock(dir / "lock");
  ASSERT_TRUE(lock.lock().ok());
  const int fd = StdFiles::open(lock.path().c_str(), OpenMode::kRead);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(StdFiles::close(fd), 0);  // with fcntl(F_SETLK) the lock would be gone
  Child child([&](Channel) { return FileLock<>(dir / "lock").try_lock().busy() ? 0 : 1; });
  EXPECT_EQ(child.wait(), 0);
}

}  // namespace
}  // namespace heddle
