// SPDX-License-Identifier: Apache-2.0
#include "primitives/std_files.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "gtest/gtest.h"

namespace heddle {
namespace {

class StdFilesTest : public testing::Test {
 protected:
  StdFilesTest() {
    const char* base = std::getenv("TEST_TMPDIR");
    dir_ = std::string(base != nullptr ? base : "/tmp") + "/std_files.XXXXXX";
    if (::mkdtemp(dir_.data()) == nullptr) std::abort();
    a_ = dir_ + "/a";
    b_ = dir_ + "/b";
  }
  ~StdFilesTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  static std::string Read(int fd) {
    std::array<char, 64> text{};
    const int size = StdFiles::read(fd, text.data(), text.size());
    return size < 0 ? "error " + std::to_string(size)
                    : std::string(text.data(), static_cast<std::size_t>(size));
  }

  std::string dir_;
  std::string a_;
  std::string b_;
};

TEST_F(StdFilesTest, OpensAsAsked) {
  EXPECT_EQ(StdFiles::open(a_.c_str(), OpenMode::kRead), -ENOENT);
  const int fd = StdFiles::open(a_.c_str(), OpenMode::kCreateExclusive);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(StdFiles::open(a_.c_str(), OpenMode::kCreateExclusive), -EEXIST);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  const int again = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
  ASSERT_GE(again, 0);
  EXPECT_EQ(StdFiles::close(fd), 0);
  EXPECT_EQ(StdFiles::close(again), 0);
  EXPECT_EQ(StdFiles::close(again), -EBADF);
}

TEST_F(StdFilesTest, WriteReplacesTheContent) {
  const int fd = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(StdFiles::write(fd, "a long line"), 11);
  EXPECT_EQ(StdFiles::write(fd, "short"), 5);
  EXPECT_EQ(StdFiles::fsync(fd), 0);
  EXPECT_EQ(Read(fd), "short");
  EXPECT_EQ(StdFiles::write(fd, ""), 0);
  EXPECT_EQ(Read(fd), "");
  EXPECT_EQ(StdFiles::close(fd), 0);
}

TEST_F(StdFilesTest, NamesAndIdentities) {
  const int fd = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
  ASSERT_GE(fd, 0);
  FileId opened;
  FileId named;
  EXPECT_EQ(StdFiles::link(a_.c_str(), b_.c_str()), 0);
  EXPECT_EQ(StdFiles::link(a_.c_str(), b_.c_str()), -EEXIST);
  ASSERT_EQ(StdFiles::fstat(fd, opened), 0);
  ASSERT_EQ(StdFiles::stat(b_.c_str(), named), 0);
  EXPECT_EQ(opened, named);
  EXPECT_EQ(StdFiles::unlink(a_.c_str()), 0);
  EXPECT_EQ(StdFiles::unlink(a_.c_str()), -ENOENT);
  const int other = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
  ASSERT_GE(other, 0);
  ASSERT_EQ(StdFiles::stat(a_.c_str(), named), 0);
  EXPECT_FALSE(opened == named);
  EXPECT_EQ(StdFiles::rename(a_.c_str(), b_.c_str()), 0);
  EXPECT_EQ(StdFiles::stat(a_.c_str(), named), -ENOENT);
  EXPECT_EQ(StdFiles::close(fd), 0);
  EXPECT_EQ(StdFiles::close(other), 0);
}

TEST_F(StdFilesTest, LocksConflictBetweenDescriptions) {
  for (auto lock : {&StdFiles::flock, &StdFiles::ofd_lock}) {
    const int first = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
    const int second = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
    EXPECT_EQ(lock(first, LockMode::kShared, false), 0);
    EXPECT_EQ(lock(second, LockMode::kShared, false), 0);
    EXPECT_EQ(lock(second, LockMode::kUnlock, false), 0);
    EXPECT_EQ(lock(second, LockMode::kExclusive, false), -EAGAIN);
    EXPECT_EQ(lock(first, LockMode::kUnlock, false), 0);
    EXPECT_EQ(lock(second, LockMode::kExclusive, true), 0);
    EXPECT_EQ(lock(first, LockMode::kShared, false), -EAGAIN);
    EXPECT_EQ(StdFiles::close(second), 0);
    EXPECT_EQ(lock(first, LockMode::kShared, false), 0);
    EXPECT_EQ(StdFiles::close(first), 0);
  }
  EXPECT_EQ(StdFiles::flock(-1, LockMode::kShared, false), -EBADF);
  EXPECT_EQ(StdFiles::ofd_lock(-1, LockMode::kShared, false), -EBADF);
}

TEST_F(StdFilesTest, ASignalEndsAWaitingLock) {
  struct sigaction action{};
  action.sa_handler = [](int) {};  // no SA_RESTART
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  for (auto lock : {&StdFiles::flock, &StdFiles::ofd_lock}) {
    const int holder = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
    ASSERT_EQ(lock(holder, LockMode::kExclusive, false), 0);
    std::atomic<bool> over{false};
    int result = 0;
    std::thread waiter([&] {
      const int fd = StdFiles::open(a_.c_str(), OpenMode::kReadWriteCreate);
      result = lock(fd, LockMode::kExclusive, true);
      StdFiles::close(fd);
      over.store(true);
    });
    while (!over.load()) {  // until one of the signals meets the wait
      ::pthread_kill(waiter.native_handle(), SIGUSR1);
      std::this_thread::yield();
    }
    waiter.join();
    EXPECT_EQ(result, -EINTR);
    EXPECT_EQ(StdFiles::close(holder), 0);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(StdFilesTest, KnowsWhoLives) {
  const ProcessId self = StdFiles::self();
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_GT(self.start, 0U);
  EXPECT_EQ(StdFiles::self(), self);
  EXPECT_TRUE(StdFiles::alive(self));
  EXPECT_FALSE(StdFiles::alive({self.pid, self.start + 1})) << "a later process with our pid";
  EXPECT_TRUE(StdFiles::alive({self.pid, 0})) << "0: the pid alone decides";
  for (const std::int64_t pid : {0, -1, -5, 1 << 30})
    EXPECT_FALSE(StdFiles::alive({pid, 0})) << pid;
}

TEST_F(StdFilesTest, AChildIsAnotherProcess) {
  const ProcessId self = StdFiles::self();
  const pid_t child = ::fork();
  if (child == 0) {
    const ProcessId mine = StdFiles::self();
    ::_exit(mine.pid == ::getpid() && StdFiles::alive(mine) && !(mine == self) ? 0 : 1);
  }
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(StdFiles::alive({child, 0})) << "a zombie";
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(StdFiles::alive({child, 0})) << "gone";
}

// Its main thread is a zombie to /proc, but the process lives.
TEST_F(StdFilesTest, AProcessOutlivesItsMainThread) {
  std::array<int, 2> end{};
  ASSERT_EQ(::pipe(end.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(end[1]);
    std::thread([&] {
      char byte = 0;
      ::_exit(::read(end[0], &byte, 1) == 0 ? 0 : 1);
    }).detach();
    ::syscall(SYS_exit, 0);  // of this thread alone
  }
  const std::string path = "/proc/" + std::to_string(child) + "/stat";
  const auto main_thread_is_over = [&path] {
    const int fd = StdFiles::open(path.c_str(), OpenMode::kRead);
    const std::string text = Read(fd);
    StdFiles::close(fd);
    return text.find(") Z ") != std::string::npos;
  };
  while (!main_thread_is_over()) std::this_thread::yield();
  EXPECT_TRUE(StdFiles::alive({child, 0}));
  for (const int fd : end) ::close(fd);
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(StdFilesTest, HostIsOnePlainWord) {
  const std::string_view host = StdFiles::host();
  EXPECT_EQ(host, StdFiles::host());
  ASSERT_NE(host.find(':'), std::string_view::npos);
  for (const char c : host)
    EXPECT_TRUE(std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == ':');
}

}  // namespace
}  // namespace heddle
