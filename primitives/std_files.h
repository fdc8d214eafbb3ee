// SPDX-License-Identifier: Apache-2.0
//
// Platform::Files on the real kernel. Every function returns >= 0 or -errno and retries EINTR,
// except a waiting lock, which returns -EINTR so that a signal handler can end the wait.
#ifndef HEDDLE_PRIMITIVES_STD_FILES_H_
#define HEDDLE_PRIMITIVES_STD_FILES_H_

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "primitives/platform.h"

namespace heddle {

struct StdFiles {
  static int open(const char* path, OpenMode mode) {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::kReadWriteCreate:
        flags |= O_RDWR | O_CREAT;
        break;
      case OpenMode::kCreateExclusive:
        flags |= O_RDWR | O_CREAT | O_EXCL;
        break;
      case OpenMode::kRead:
        flags |= O_RDONLY;
        break;
    }
    return retry([&] { return ::open(path, flags, 0644); });
  }

  // Linux frees the descriptor even when close() reports EINTR, so close is never retried.
  static int close(int fd) { return ::close(fd) == 0 || errno == EINTR ? 0 : -errno; }

  static int flock(int fd, LockMode mode, bool wait) {
    int operation = mode == LockMode::kShared      ? LOCK_SH
                    : mode == LockMode::kExclusive ? LOCK_EX
                                                   : LOCK_UN;
    if (!wait) operation |= LOCK_NB;
    return ::flock(fd, operation) == 0 ? 0 : -errno;
  }

  static int ofd_lock(int fd, LockMode mode, bool wait) {
    struct flock whole{};
    whole.l_type = static_cast<short>(mode == LockMode::kShared      ? F_RDLCK
                                      : mode == LockMode::kExclusive ? F_WRLCK
                                                                     : F_UNLCK);
    whole.l_whence = SEEK_SET;  // start 0, length 0: the whole file; l_pid must be 0 for OFD locks
    if (::fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole) == 0) return 0;
    return errno == EACCES ? -EAGAIN : -errno;  // POSIX lets a conflict be either
  }

  static int link(const char* from, const char* to) { return ::link(from, to) == 0 ? 0 : -errno; }
  static int rename(const char* from, const char* to) {
    return ::rename(from, to) == 0 ? 0 : -errno;
  }
  static int unlink(const char* path) { return ::unlink(path) == 0 ? 0 : -errno; }

  static int stat(const char* path, FileId& id) {
    struct stat status{};
    if (::stat(path, &status) != 0) return -errno;
    id = identity(status);
    return 0;
  }

  static int fstat(int fd, FileId& id) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return -errno;
    id = identity(status);
    return 0;
  }

  static int read(int fd, char* buffer, std::size_t size) {
    return retry([&] { return static_cast<int>(::pread(fd, buffer, size, 0)); });
  }

  static int write(int fd, std::string_view bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const int wrote = retry([&] {
        return static_cast<int>(
            ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done)));
      });
      if (wrote < 0) return wrote;
      if (wrote == 0) return -EIO;
      done += static_cast<std::size_t>(wrote);
    }
    const int cut = retry([&] { return ::ftruncate(fd, static_cast<off_t>(bytes.size())); });
    return cut < 0 ? cut : static_cast<int>(done);
  }

  static int fsync(int fd) {
    return retry([&] { return ::fsync(fd); });
  }

  // Costs one getpid() after a process's first call. start is 0 where /proc cannot be read.
  static ProcessId self() {
    static std::atomic<std::int64_t> known_pid{0};
    static std::atomic<std::uint64_t> known_start{0};
    // The pid alone does not tell a child from a long-gone ancestor with the same pid.
    [[maybe_unused]] static const int registered =
        ::pthread_atfork(nullptr, nullptr, [] { known_pid.store(0, std::memory_order_relaxed); });
    const std::int64_t pid = ::getpid();
    // acquire pairs with the release below: whoever sees the pid sees its start.
    if (known_pid.load(std::memory_order_acquire) == pid) {
      return {pid, known_start.load(std::memory_order_relaxed)};
    }
    const std::uint64_t start = start_of(pid).value_or(0);
    known_start.store(start, std::memory_order_relaxed);
    known_pid.store(pid, std::memory_order_release);
    return {pid, start};
  }

  // Errs on the side of "alive": when the start time of the process there, or of the one asked for,
  // is unknown (no /proc, or mounted with hidepid), the pid alone decides.
  static bool alive(ProcessId process) {
    if (process.pid <= 0) return false;
    const std::optional<std::uint64_t> start = start_of(process.pid);
    if (!start) return true;
    if (*start == kGone) return false;
    return process.start == 0 || process.start == *start;
  }

  // Host name and pid namespace: a pid means nothing in another namespace, and containers that
  // share the host's name exist. Constant for the life of a process.
  static std::string_view host() {
    static const std::string text = [] {
      std::array<char, 256> name{};
      ::gethostname(name.data(), name.size() - 1);
      std::string result = name.data();
      for (char& c : result) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
        if (!plain) c = '_';
      }
      std::array<char, 64> space{};  // "pid:[4026531836]"
      const ssize_t size = ::readlink("/proc/self/ns/pid", space.data(), space.size() - 1);
      result += ':';
      for (ssize_t i = 0; i < size; ++i) {
        const char c = space[static_cast<std::size_t>(i)];
        if (c >= '0' && c <= '9') result += c;
      }
      return result;
    }();
    return text;
  }

 private:
  static constexpr std::uint64_t kGone = 0;

  template <class Call>
  static int retry(Call call) {
    int result = 0;
    do {
      result = call();
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
  }

  static FileId identity(const struct stat& status) { return {status.st_dev, status.st_ino}; }

  // Field 22 of /proc/PID/stat; kGone when there is no such process, or only a zombie, which holds
  // nothing any more; nothing when there is one of which nothing can be learnt.
  static std::optional<std::uint64_t> start_of(std::int64_t pid) {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%lld/stat", static_cast<long long>(pid));
    const int fd = open(path.data(), OpenMode::kRead);
    int size = -1;
    std::array<char, 1024> text{};
    if (fd >= 0) {
      size = read(fd, text.data(), text.size() - 1);
      close(fd);
    }
    if (size <= 0) {
      if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return kGone;
      return std::nullopt;
    }
    // The command name, field 2, may contain spaces and parentheses: count from the last ')'.
    const char* field = std::strrchr(text.data(), ')');
    if (field == nullptr || field[1] == '\0') return std::nullopt;
    const char state = field[2];
    std::uint64_t threads = 0;
    for (int number = 3; number <= 22; ++number) {
      field = std::strchr(field + 1, ' ');
      if (field == nullptr) return std::nullopt;
      if (number == 20) threads = std::strtoull(field + 1, nullptr, 10);
    }
    // A main thread that called pthread_exit() is a zombie in a process that lives on.
    if ((state == 'Z' || state == 'X') && threads <= 1) return kGone;
    return std::strtoull(field + 1, nullptr, 10);
  }
};

static_assert(PlatformFiles<StdFiles>);

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_STD_FILES_H_
