// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/sim_files.h"

#include <array>
#include <cerrno>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

// An engine of one real thread: the test says which process acts, and where one is killed.
struct TestHooks {
  static inline int thread = 0;
  static inline int kill_after = -1;  // choices until one says 1; -1: never
  static inline std::vector<std::string> steps;
  static inline std::uint_least32_t line = 0;

  static void step(const char* operation, std::source_location where) {
    steps.emplace_back(operation);
    line = where.line();
  }
  static void wait(std::source_location) { throw std::logic_error("waits"); }
  static int choose(int) {
    if (kill_after < 0) return 0;
    --kill_after;
    return kill_after < 0 ? 1 : 0;
  }
  static int thread_index() { return thread; }
};

using Files = SimFiles<TestHooks>;
static_assert(PlatformFiles<Files>);

class SimFilesTest : public testing::Test {
 protected:
  SimFilesTest() {
    Files::reset();
    TestHooks::thread = 0;
    TestHooks::kill_after = -1;
    TestHooks::steps.clear();
  }
  static void As(int process) { TestHooks::thread = process; }
};

TEST_F(SimFilesTest, EachOperationIsOneStepWithItsCallersLine) {
  FileId id;
  std::array<char, 8> buffer{};
  const int fd = Files::open("a", OpenMode::kReadWriteCreate);
  Files::write(fd, "x");
  Files::fsync(fd);
  Files::read(fd, buffer.data(), buffer.size());
  Files::link("a", "b");
  Files::rename("b", "c");
  Files::unlink("c");
  Files::stat("a", id);
  Files::fstat(fd, id);
  Files::flock(fd, LockMode::kShared, false);
  Files::ofd_lock(fd, LockMode::kShared, false);
  Files::alive(Files::self());
  Files::host();
  Files::close(fd);
  EXPECT_EQ(TestHooks::line, __LINE__ - 1);
  EXPECT_EQ(TestHooks::steps,
            (std::vector<std::string>{"open", "write", "fsync", "read", "link", "rename", "unlink",
                                      "stat", "fstat", "flock", "ofd_lock", "alive", "close"}));
}

TEST_F(SimFilesTest, OpensAsAsked) {
  EXPECT_EQ(Files::open("a", OpenMode::kRead), -ENOENT);
  EXPECT_EQ(Files::open("a", OpenMode::kCreateExclusive), 0);
  EXPECT_EQ(Files::open("a", OpenMode::kCreateExclusive), -EEXIST);
  EXPECT_EQ(Files::open("a", OpenMode::kReadWriteCreate), 1);
  EXPECT_EQ(Files::close(0), 0);
  EXPECT_EQ(Files::close(0), -EBADF);
  EXPECT_EQ(Files::open("a", OpenMode::kRead), 0) << "the lowest free number";
  EXPECT_EQ(Files::write(0, "x"), -EBADF);
  EXPECT_EQ(Files::ofd_lock(0, LockMode::kExclusive, false), -EBADF);
  As(1);
  EXPECT_EQ(Files::close(0), -EBADF) << "descriptors belong to a process";
  EXPECT_EQ(Files::descriptors(0), 2);
}

TEST_F(SimFilesTest, InodesLiveAsLongAsANameOrADescriptor) {
  const int fd = Files::open("a", OpenMode::kReadWriteCreate);
  FileId old;
  FileId now;
  ASSERT_EQ(Files::fstat(fd, old), 0);
  EXPECT_EQ(Files::unlink("a"), 0);
  EXPECT_EQ(Files::unlink("a"), -ENOENT);
  EXPECT_TRUE(Files::put("b", "text"));
  ASSERT_EQ(Files::stat("b", now), 0);
  EXPECT_FALSE(old == now) << "an open inode's number was handed out";
  EXPECT_EQ(Files::close(fd), 0);
  EXPECT_TRUE(Files::put("c", ""));
  ASSERT_EQ(Files::stat("c", now), 0);
  EXPECT_EQ(old, now) << "a free number is handed out again at once";
}

TEST_F(SimFilesTest, LinksAndRenames) {
  Files::put("a", "A");
  Files::put("b", "B");
  EXPECT_EQ(Files::link("a", "b"), -EEXIST);
  EXPECT_EQ(Files::link("absent", "c"), -ENOENT);
  EXPECT_EQ(Files::link("a", "c"), 0);
  EXPECT_EQ(Files::rename("a", "c"), 0);
  EXPECT_EQ(Files::names(), 3) << "two names of one file stay";
  EXPECT_EQ(Files::rename("a", "b"), 0);
  EXPECT_FALSE(Files::exists("a"));
  EXPECT_EQ(Files::content("b"), "A");
  EXPECT_EQ(Files::rename("absent", "b"), -ENOENT);
}

TEST_F(SimFilesTest, LocksConflictBetweenDescriptionsOnly) {
  for (auto lock : {&Files::flock, &Files::ofd_lock}) {
    Files::reset();
    const auto where = std::source_location::current();
    As(0);
    const int first = Files::open("a", OpenMode::kReadWriteCreate);
    EXPECT_EQ(lock(first, LockMode::kShared, true, where), 0);
    As(1);
    const int second = Files::open("a", OpenMode::kReadWriteCreate);
    EXPECT_EQ(lock(second, LockMode::kShared, true, where), 0);
    EXPECT_EQ(lock(second, LockMode::kExclusive, false, where), -EAGAIN);
    EXPECT_THROW(lock(second, LockMode::kExclusive, true, where), std::logic_error);
    As(0);
    Files::close(first);
    As(1);
    EXPECT_EQ(lock(second, LockMode::kExclusive, true, where), 0);
    EXPECT_EQ(lock(second, LockMode::kExclusive, true, where), 0);
    const int third = Files::open("a", OpenMode::kReadWriteCreate);
    EXPECT_EQ(lock(third, LockMode::kShared, false, where), -EAGAIN) << "the same process";
  }
}

TEST_F(SimFilesTest, FlockAndOfdLocksDoNotMeet) {
  const int first = Files::open("a", OpenMode::kReadWriteCreate);
  const int second = Files::open("a", OpenMode::kReadWriteCreate);
  EXPECT_EQ(Files::flock(first, LockMode::kExclusive, true), 0);
  EXPECT_EQ(Files::ofd_lock(second, LockMode::kExclusive, true), 0);
}

// At each possible point: nothing of the process is left but what it wrote, and it stays dead.
TEST_F(SimFilesTest, AKilledProcessLosesItsLocksAndDoesNothingMore) {
  for (int point = 0; point < 4; ++point) {
    Files::reset();
    Files::arm_crash(0);
    TestHooks::kill_after = point;
    As(0);
    const ProcessId victim = Files::self();
    bool unwound = false;
    bool survived = false;
    struct AtEnd {
      bool& unwound;
      ~AtEnd() {
        EXPECT_EQ(Files::unlink("a"), -ESRCH);
        unwound = true;
      }
    };
    Files::run([&] {
      const AtEnd at_end{unwound};
      const int fd = Files::open("a", OpenMode::kReadWriteCreate);
      Files::write(fd, "text");
      Files::ofd_lock(fd, LockMode::kExclusive, true);
      Files::step();
      survived = true;
    });
    EXPECT_TRUE(unwound);
    EXPECT_FALSE(survived);
    EXPECT_TRUE(Files::killed(0));
    EXPECT_EQ(Files::descriptors(0), 0);
    EXPECT_EQ(Files::exists("a"), point > 0);
    EXPECT_EQ(Files::content("a"), point > 1 ? "text" : "");
    As(1);
    EXPECT_FALSE(Files::alive(victim));
    const int fd = Files::open("a", OpenMode::kReadWriteCreate);
    EXPECT_EQ(Files::ofd_lock(fd, LockMode::kExclusive, false), 0);
  }
}

TEST_F(SimFilesTest, OnlyAnArmedProcessIsKilled) {
  TestHooks::kill_after = 0;
  Files::run([] { Files::step(); });
  EXPECT_FALSE(Files::killed(0));
}

TEST_F(SimFilesTest, AProcessEndsWithItsBody) {
  const ProcessId self = Files::self();
  Files::run([] { Files::open("a", OpenMode::kReadWriteCreate); });
  EXPECT_EQ(TestHooks::steps, (std::vector<std::string>{"open", "exit"}));
  EXPECT_FALSE(Files::killed(0));
  EXPECT_EQ(Files::descriptors(0), 0);
  As(1);
  EXPECT_FALSE(Files::alive(self));
  Files::join(0);
  EXPECT_THROW(Files::join(2), std::logic_error);
}

TEST_F(SimFilesTest, ARecycledPidIsAnotherProcess) {
  const ProcessId old = Files::self();
  Files::run([] {});
  Files::respawn();
  const ProcessId now = Files::self();
  EXPECT_EQ(now.pid, old.pid);
  EXPECT_FALSE(now == old);
  EXPECT_TRUE(Files::alive(now));
  EXPECT_FALSE(Files::alive(old));
  EXPECT_TRUE(Files::alive({old.pid, 0})) << "0: the pid alone decides";
}

TEST_F(SimFilesTest, RunningOutIsAnError) {
  int fd = 0;
  int opened = 0;
  while ((fd = Files::open("a", OpenMode::kReadWriteCreate)) >= 0) ++opened;
  EXPECT_EQ(fd, -EMFILE);
  EXPECT_GE(opened, 4);
  int names = 1;
  while (Files::link("a", ("b" + std::to_string(names)).c_str()) == 0) ++names;
  EXPECT_EQ(Files::names(), names);
  EXPECT_GE(names, 8);
}

}  // namespace
}  // namespace heddle
