// SPDX-License-Identifier: Apache-2.0
//
// Platform::Files on the real kernel. Every function returns >= 0 or -errno and retries EINTR, except
// a waiting lock, which returns -EINTR so that a signal handler can end the wait.
#ifndef HEDDLE_PRIMITIVES_STD_FILES_H_
#define HEDDLE_PRIMITIVES_STD_FILES_H_

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "primitives/platform.h"

namespace heddle {

struct StdFiles {
  static int open(const char* path, OpenMode mode) {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::kReadWriteCreate: flags |= O_RDWR | O_CREAT; break;
      case OpenMode::kCreateExclusive: flags |= O_RDWR | O_CREAT | O_EXCL; break;
      case OpenMode::kRead: flags |= O_RDONLY; break;
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
    struct flock whole {};
    whole.l_type = static_cast<short>(mode == LockMode::kShared      ? F_RDLCK
                                      : mode == LockMode::kExclusive ? F_WRLCK
                                                                     : F_UNLCK);
    whole.l_whence = SEEK_SET;  // start 0, length 0: the whole file; l_pid must be 0 for OFD locks
    return ::fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole) == 0 ? 0 : -errno;
  }

  static int link(const char* from, const char* to) { return ::link(from, to) == 0 ? 0 : -errno; }
  static int rename(const char* from, const char* to) {
    return ::rename(from, to) == 0 ? 0 : -errno;
  }
  static int unlink(const char* path) { return ::unlink(path) == 0 ? 0 : -errno; }

  static int stat(const char* path, FileId& id) {
    struct stat status {};
    if (::stat(path, &status) != 0) return -errno;
    id = identity(status);
    return 0;
  }

  static int fstat(int fd, FileId& id) {
    struct stat status {};
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
      done += static_cast<std::size_t>(wrote);
    }
    return ::ftruncate(fd, static_cast<off_t>(bytes.size())) == 0 ? static_cast<int>(done) : -errno;
  }

  static int fsync(int fd) {
    return retry([&] { return ::fsync(fd); });
  }

  static ProcessId self() {
    const pid_t pid = ::getpid();
    return {pid, start_of(pid)};
  }

  static bool alive(ProcessId process) {
    const std::uint64_t start = start_of(process.pid);
    return start != 0 && start == process.start;
  }

  static std::string_view host() {
    static const std::array<char, 256> name = [] {
      std::array<char, 256> text{};
      ::gethostname(text.data(), text.size() - 1);
      return text;
    }();
    return name.data();
  }

 private:
  template <class Call>
  static int retry(Call call) {
    int result = 0;
    do {
      result = call();
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
  }

  static FileId identity(const struct stat& status) {
    return {status.st_dev, status.st_ino, static_cast<std::uint32_t>(status.st_nlink)};
  }

  // Field 22 of /proc/PID/stat; 0 when there is no such process (or it is a zombie, which holds
  // nothing any more). The command name, field 2, may contain spaces and parentheses: fields are
  // counted from the last ')'.
  static std::uint64_t start_of(std::int64_t pid) {
    std::array<char, 64> path{};
    std::snprintf(path.data(), path.size(), "/proc/%lld/stat", static_cast<long long>(pid));
    const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    std::array<char, 1024> text{};
    const int size = read(fd, text.data(), text.size() - 1);
    ::close(fd);
    if (size <= 0) return 0;
    const char* field = std::strrchr(text.data(), ')');
    if (field == nullptr || field[1] == '\0' || field[2] == 'Z' || field[2] == 'X') return 0;
    for (int skip = 0; skip < 20 && field != nullptr; ++skip) field = std::strchr(field + 1, ' ');
    return field == nullptr ? 0 : std::strtoull(field + 1, nullptr, 10);
  }
};

static_assert(PlatformFiles<StdFiles>);

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_STD_FILES_H_
