// SPDX-License-Identifier: Apache-2.0
//
// In short: between processes and threads, by the kernel (OFD or flock); gone with its owner;
//   shared or exclusive.
//
// An advisory lock between processes on a file of its own, held by the kernel: it is gone with the
// process that held it, however that process ends.
//
// Backends:
//   kOfd    open file description locks, fcntl(F_OFD_SETLK) (Linux 3.15, POSIX.1-2024)
//   kFlock  flock(2); what shell scripts take with flock(1)
// The two do not see each other on a local file system: all users of a file use the same backend.
// Classic POSIX locks, fcntl(F_SETLK), are no backend. They belong to the process: close() of ANY
// descriptor of the file, in any library of the process, drops them, and threads are not excluded.
//
// Protocol of lock():
//   1. open the file (creating it) and note its identity
//   2. take the kernel's lock on the description
//   3. look up the name again: another inode, or none, means that the file was removed or replaced
//      between 1 and 3 and that the lock excludes nobody: give it up and start again
// Invariants:
//   I1  who holds the lock had the name point at the locked inode when step 3 looked
//   I2  only the exclusive holder removes the file (unlock_and_remove), and before it unlocks; so
//       the name points at the locked inode as long as the lock is held, and there is one owner
//   I3  a description is used only by the process that opened it
// The noted identity cannot go to another file: the open descriptor keeps the inode.
//
// Guarantees. Exclusive or shared; no FIFO, writers can starve; not reentrant (EDEADLK). Not
// signal-safe. lock() sleeps in the kernel; a handled signal without SA_RESTART ends it with EINTR.
// The kernel has no timed wait for either backend: try_lock_until() polls, 50 us to 10 ms apart.
// The kernel looks for deadlocks with neither backend. Processes see each other's writes made under
// the lock. One object is used by one thread at a time. Two objects exclude each other also within
// one process, since each opens a description of its own.
//
// fork(): a child shares the description, so its unlocking would unlock the parent. The object
// knows the process that opened it (I3): in a child it does not hold the lock, unlock() says EPERM,
// and it opens its own description when it locks. unlock() unlocks explicitly: close() alone would
// leave the lock with the child's copy. What no object can prevent: when the parent dies holding
// the lock, the kernel keeps it until the last copy of the descriptor is closed, that is until the
// child uses the object, ends, or calls exec (descriptors are close-on-exec).
//
// NFS: OFD locks go to the server (NFSv4); flock() is turned into the same, or into a lock of this
// machine only, by mount options. Two mounts with caches of their own need not see each other.
// Test, or keep lock files on a local file system.
//
// Misuse: whoever removes or replaces the file without holding the lock breaks I2 while it is held.
#ifndef HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_H_
#define HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_H_

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "primitives/file_lock/file_lock_status.h"
#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

enum class FileLockBackend : std::uint8_t { kOfd, kFlock };

template <Platform P = StdPlatform, FileLockBackend kBackend = FileLockBackend::kOfd>
class FileLock {
  using Files = typename P::Files;

 public:
  // Touches no file.
  explicit FileLock(std::string path) : path_(std::move(path)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  // Unlocks. (Under an exhaustive engine the process may be killed here, which is an exception.)
  ~FileLock() noexcept(!P::kExhaustive) { close(); }

  FileLockStatus lock() { return acquire(LockMode::kExclusive, true); }
  FileLockStatus try_lock() { return acquire(LockMode::kExclusive, false); }
  FileLockStatus try_lock_until(Deadline deadline) {
    return acquire_until(LockMode::kExclusive, deadline);
  }

  FileLockStatus lock_shared() { return acquire(LockMode::kShared, true); }
  FileLockStatus try_lock_shared() { return acquire(LockMode::kShared, false); }
  FileLockStatus try_lock_shared_until(Deadline deadline) {
    return acquire_until(LockMode::kShared, deadline);
  }

  // For both modes. The file stays, and so does the descriptor: the next lock() need not open.
  FileLockStatus unlock() {
    if (!held()) return FileLockStatus::of(-EPERM);
    held_ = LockMode::kUnlock;
    return FileLockStatus::of(set(LockMode::kUnlock, false));
  }

  // Removes the file and unlocks; only for the exclusive holder. Who waits for the lock notices and
  // goes on with a new file. ESTALE when the file was somebody else's by now: it is left alone.
  FileLockStatus unlock_and_remove() {
    if (!held() || held_ != LockMode::kExclusive) return FileLockStatus::of(-EPERM);
    if (mutant<P>("unlock_before_remove")) static_cast<void>(set(LockMode::kUnlock, false));
    int result =
        mutant<P>("remove_any_file") || still_named() ? Files::unlink(path_.c_str()) : -ESTALE;
    close();
    return FileLockStatus::of(result);
  }

  // Whether this process holds the lock through this object.
  bool held() const { return fd_ >= 0 && held_ != LockMode::kUnlock && opener_ == Files::self(); }

  const std::string& path() const { return path_; }

 private:
  FileLockStatus acquire(LockMode mode, bool wait) {
    if (held()) return FileLockStatus::of(-EDEADLK);
    if (fd_ >= 0 && opener_ != Files::self()) close();
    for (;;) {
      int result = fd_ >= 0 ? 0 : open();
      if (result >= 0) result = set(mode, wait);
      if (result < 0) return FileLockStatus::of(result);
      held_ = mode;
      if (mutant<P>("no_recheck") || still_named()) return {};
      if (mutant<P>("no_reopen")) {
        static_cast<void>(unlock());
        P::yield();
        continue;
      }
      close();
    }
  }

  FileLockStatus acquire_until(LockMode mode, Deadline deadline) {
    if (deadline == kNever) return acquire(mode, true);
    file_lock_internal::PollBackoff<P> backoff(deadline);
    for (;;) {
      const FileLockStatus status = acquire(mode, false);
      if (!status.busy()) return status;
      if (!backoff.wait()) return FileLockStatus::of(-ETIMEDOUT);
    }
  }

  int open() {
    const int fd = Files::open(path_.c_str(), OpenMode::kReadWriteCreate);
    if (fd < 0) return fd;
    fd_ = fd;
    opener_ = Files::self();
    const int result = Files::fstat(fd, id_);
    if (result < 0) close();
    return result;
  }

  // Unlocks first, since a forked child may have a copy of the descriptor; but in the child itself
  // only closes the copy (I3).
  void close() noexcept(!P::kExhaustive) {
    if (fd_ < 0) return;
    if (held()) static_cast<void>(set(LockMode::kUnlock, false));
    static_cast<void>(Files::close(std::exchange(fd_, -1)));
    held_ = LockMode::kUnlock;
  }

  bool still_named() {
    FileId now;
    return Files::stat(path_.c_str(), now) >= 0 && now == id_;
  }

  int set(LockMode mode, bool wait) {
    if (mode == LockMode::kExclusive && mutant<P>("exclusive_is_shared")) mode = LockMode::kShared;
    if (mode == LockMode::kShared && mutant<P>("shared_is_exclusive")) mode = LockMode::kExclusive;
    if constexpr (kBackend == FileLockBackend::kOfd) {
      return Files::ofd_lock(fd_, mode, wait);
    } else {
      return Files::flock(fd_, mode, wait);
    }
  }

  const std::string path_;
  int fd_ = -1;
  LockMode held_ = LockMode::kUnlock;  // what is held through fd_
  FileId id_;                          // of fd_
  ProcessId opener_;                   // of fd_
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_FILE_LOCK_FILE_LOCK_H_
