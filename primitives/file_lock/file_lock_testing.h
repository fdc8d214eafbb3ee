// SPDX-License-Identifier: Apache-2.0
//
// What tests of file locks need: a directory of their own, and child processes that tell by pipe
// where they are, so that nothing depends on time.
#ifndef HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_TESTING_H_
#define HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_TESTING_H_

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace heddle::file_lock_testing {

class TempDir {
 public:
  TempDir() {
    const char* base = std::getenv("TEST_TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/file_lock.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::perror("mkdtemp");
      std::abort();
    }
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  int files() const {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::string path_;
};

// One end of a conversation in single bytes.
class Channel {
 public:
  Channel(int in, int out) : in_(in), out_(out) {}
  void tell(char byte) const {
    while (::write(out_, &byte, 1) < 0 && errno == EINTR) {
    }
  }
  // Does not wait when nobody listens; the byte may be lost.
  void try_tell(char byte) const {
    pollfd writable{out_, POLLOUT, 0};
    if (::poll(&writable, 1, 0) == 1) tell(byte);
  }
  // Whether hear() will not wait; waits for that.
  bool ready(std::chrono::milliseconds limit) const {
    pollfd readable{in_, POLLIN, 0};
    return ::poll(&readable, 1, static_cast<int>(limit.count())) == 1;
  }
  // 0 when the other side is gone.
  char hear() const {
    char byte = 0;
    ssize_t size = 0;
    do {
      size = ::read(in_, &byte, 1);
    } while (size < 0 && errno == EINTR);
    return size == 1 ? byte : '\0';
  }

 private:
  int in_;
  int out_;
};

// A forked process that runs body(channel) and ends with _exit(its result).
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    std::array<int, 2> down{};
    std::array<int, 2> up{};
    if (::pipe2(down.data(), O_CLOEXEC) != 0 || ::pipe2(up.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(down[1]);
      ::close(up[0]);
      ::_exit(body(Channel(down[0], up[1])));
    }
    ::close(down[0]);
    ::close(up[1]);
    ends_ = {up[0], down[1]};
  }
  ~Child() {
    if (pid_ > 0) kill();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Channel channel() const { return {ends_[0], ends_[1]}; }
  pid_t pid() const { return pid_; }

  // The exit status; 128 + signal after a signal.
  int wait() {
    int status = 0;
    const pid_t pid = std::exchange(pid_, -1);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int kill() {
    ::kill(pid_, SIGKILL);
    return wait();
  }

 private:
  pid_t pid_ = -1;
  std::array<int, 2> ends_{};
};

}  // namespace heddle::file_lock_testing

#endif  // HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_TESTING_H_
