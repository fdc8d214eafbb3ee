// SPDX-License-Identifier: Apache-2.0
#include "primitives/file_lock/lock_file.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
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

class LockFileTest : public testing::Test {
 protected:
  void Leave(const std::string& text) const { std::ofstream(path_) << text; }
  std::string Content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir dir_;
  const std::string path_ = dir_ / "lock";
  const std::string here_{StdFiles::host()};
};

TEST_F(LockFileTest, LocksAndUnlocks) {
  LockFile<> lock(path_);
  EXPECT_EQ(lock.unlock().error(), EPERM);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(lock.lock().ok());
    EXPECT_TRUE(lock.held());
    EXPECT_TRUE(lock.still_owned());
    EXPECT_EQ(lock.lock().error(), EDEADLK);
    EXPECT_EQ(dir_.files(), 1);
    ASSERT_TRUE(lock.unlock().ok());
    EXPECT_FALSE(lock.held());
    EXPECT_EQ(dir_.files(), 0);
  }
}

TEST_F(LockFileTest, SaysWhoHoldsIt) {
  LockFile<> lock(path_);
  EXPECT_EQ(lock.owner(), std::nullopt);
  ASSERT_TRUE(lock.lock().ok());
  const LockFileOwner expected{StdFiles::self(), here_};
  EXPECT_EQ(LockFile<>(path_).owner(), expected);
  EXPECT_EQ(Content(), std::to_string(::getpid()) + " " + std::to_string(StdFiles::self().start) +
                           " " + here_ + "\n");
}

TEST_F(LockFileTest, ParsesOnlyACompleteLine) {
  const LockFileOwner owner{{12, 345}, "host:1"};
  EXPECT_EQ(LockFileOwner::parse("12 345 host:1\n"), owner);
  EXPECT_EQ(LockFileOwner::parse(owner.to_string()), owner);
  for (const char* text :
       {"", "\n", "12", "12 345", "12 345 ", "12 345 \n", "12 345 host:1", "12 345 host:1\n\n",
        "-12 345 host:1\n", "0 345 host:1\n", "12 -3 host:1\n", "x 345 host:1\n", "12  345 h\n",
        "99999999999999999999 1 h\n", "12 345x h\n", " 12 345 h\n"}) {
    EXPECT_EQ(LockFileOwner::parse(text), std::nullopt) << '"' << text << '"';
  }
}

TEST_F(LockFileTest, ObjectsOfOneProcessExcludeEachOther) {
  LockFile<> first(path_);
  LockFile<> second(path_);
  ASSERT_TRUE(first.lock().ok());
  EXPECT_TRUE(second.try_lock().busy());
  EXPECT_EQ(dir_.files(), 1);
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(second.try_lock().ok());
}

TEST_F(LockFileTest, TimesOutAndNotBefore) {
  LockFile<> first(path_);
  LockFile<> second(path_);
  ASSERT_TRUE(first.lock().ok());
  const Deadline deadline = StdPlatform::Clock::now() + std::chrono::milliseconds(20);
  EXPECT_TRUE(second.try_lock_until(deadline).timed_out());
  EXPECT_GE(StdPlatform::Clock::now(), deadline);
  ASSERT_TRUE(first.unlock().ok());
  EXPECT_TRUE(second.try_lock_until(deadline).ok());
}

TEST_F(LockFileTest, SaysWhyItCannotLock) {
  LockFile<> lock(dir_ / "absent/lock");
  EXPECT_EQ(lock.lock().error(), ENOENT);
  LockFile<> directory(dir_.path());
  EXPECT_FALSE(directory.try_lock().ok());
}

TEST_F(LockFileTest, DestructorUnlocks) {
  {
    ASSERT_TRUE(LockFile<>(path_).lock().ok());
  }
  EXPECT_EQ(dir_.files(), 0);
}

TEST_F(LockFileTest, TakesAKilledProcessesLock) {
  LockFile<> lock(path_);
  Child child([&](Channel parent) {
    LockFile<> mine(path_);
    if (!mine.lock().ok()) return 1;
    parent.tell('L');
    parent.hear();
    return 0;
  });
  ASSERT_EQ(child.channel().hear(), 'L');
  EXPECT_TRUE(lock.try_lock().busy());
  ASSERT_TRUE(lock.owner().has_value());
  EXPECT_EQ(lock.owner()->process.pid, child.pid());
  child.kill();
  EXPECT_EQ(dir_.files(), 1);
  ASSERT_TRUE(lock.try_lock().ok());
  EXPECT_TRUE(lock.still_owned());
  EXPECT_EQ(lock.owner()->process.pid, ::getpid());
  EXPECT_EQ(dir_.files(), 1);
}

// A killed process that nobody has waited for yet owns nothing any more.
TEST_F(LockFileTest, TakesAZombiesLock) {
  Child child([&](Channel) { return LockFile<>(path_).lock().ok() ? 0 : 1; });
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  LockFile<> lock(path_);
  EXPECT_TRUE(lock.try_lock().ok());
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(LockFileTest, ARecycledPidIsNotTheOwner) {
  ProcessId earlier = StdFiles::self();
  --earlier.start;
  Leave(LockFileOwner{earlier, here_}.to_string());
  EXPECT_TRUE(LockFile<>(path_).try_lock().ok());
}

TEST_F(LockFileTest, ALiveOwnerIsNotStale) {
  Leave(LockFileOwner{StdFiles::self(), here_}.to_string());
  EXPECT_TRUE(LockFile<>(path_).try_lock().busy());
}

TEST_F(LockFileTest, AnotherHostIsNeverStale) {
  Leave(LockFileOwner{{1 << 30, 1}, "elsewhere:1"}.to_string());
  EXPECT_TRUE(LockFile<>(path_).try_lock().busy());
  EXPECT_EQ(dir_.files(), 1);
}

TEST_F(LockFileTest, AnUnreadableFileIsNeverStale) {
  for (const char* text : {"", "garbage", "1073741824 1"}) {
    Leave(text);
    EXPECT_TRUE(LockFile<>(path_).try_lock().busy());
    EXPECT_EQ(Content(), text);
  }
}

TEST_F(LockFileTest, LeavesAnotherOwnersFileAlone) {
  LockFile<> first(path_);
  LockFile<> second(path_);
  ASSERT_TRUE(first.lock().ok());
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  EXPECT_FALSE(first.still_owned());
  ASSERT_TRUE(second.lock().ok());
  EXPECT_FALSE(first.still_owned());
  EXPECT_EQ(first.unlock().error(), ESTALE);
  EXPECT_TRUE(second.still_owned());
}

TEST_F(LockFileTest, LitterDoesNotBlock) {
  const std::string litter = path_ + "." + here_ + "." + std::to_string(::getpid()) + "." +
                             std::to_string(StdPlatform::thread_index()) + ".tmp";
  std::ofstream(litter) << "half";
  LockFile<> lock(path_);
  ASSERT_TRUE(lock.try_lock().ok());
  EXPECT_EQ(dir_.files(), 1);
}

TEST_F(LockFileTest, AChildDoesNotHoldItsParentsLock) {
  LockFile<> lock(path_);
  ASSERT_TRUE(lock.lock().ok());
  Child child([&](Channel) {
    if (lock.held() || lock.still_owned()) return 1;
    if (lock.unlock().error() != EPERM) return 2;
    if (!lock.try_lock().busy()) return 3;
    lock.~LockFile();
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(lock.still_owned());
}

TEST_F(LockFileTest, ThreadsAddUp) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 250;
  int counter = 0;
  // ThreadSanitizer does not know that files order memory: a mutex tells it, and try_lock() shows
  // that nobody else is inside.
  std::mutex inside;
  std::atomic<int> collisions{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      LockFile<> lock(path_, {.sync = false});
      for (int round = 0; round < kRounds; ++round) {
        if (!lock.lock().ok()) std::abort();
        if (inside.try_lock()) {
          ++counter;
          inside.unlock();
        } else {
          collisions.fetch_add(1, std::memory_order_relaxed);
        }
        if (!lock.unlock().ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collisions.load(), 0);
  EXPECT_EQ(counter, kThreads * kRounds);
  EXPECT_EQ(dir_.files(), 0);
}

// Many processes find the same stale file at once: one gets it.
TEST_F(LockFileTest, OneOfManyTakesAStaleFile) {
  constexpr int kChildren = 4;
  for (int round = 0; round < 25; ++round) {
    Leave(LockFileOwner{{::getpid(), 1}, here_}.to_string());
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < kChildren; ++i) {
      children.push_back(std::make_unique<Child>([&](Channel parent) {
        LockFile<> lock(path_, {.sync = false});
        parent.hear();
        parent.tell(lock.try_lock().ok() ? '1' : '0');
        parent.hear();  // an owner until everybody has tried
        return 0;
      }));
    }
    for (const auto& child : children) child->channel().tell('G');
    int owners = 0;
    for (const auto& child : children) owners += child->channel().hear() == '1';
    EXPECT_EQ(owners, 1);
    for (const auto& child : children) child->channel().tell('E');
    for (const auto& child : children) EXPECT_EQ(child->wait(), 0);
  }
}

}  // namespace
}  // namespace heddle
