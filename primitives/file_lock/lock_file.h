// SPDX-License-Identifier: Apache-2.0
//
// In short: the file is the lock; says who owns it; a dead owner's file is taken over safely.
//
// A lock whose file IS the lock: whoever creates the file owns the lock, and the file says who that
// is. Unlike FileLock it leaves something behind when its owner is killed, so it takes a stale file
// over; unlike FileLock anybody can see with cat(1) who holds it, and it works between machines
// that share a directory but no kernel locks.
//
// The file's content is one line, "PID START HOST\n": START is the process's start time in clock
// ticks since boot, without which a recycled pid would keep a dead owner's lock alive; HOST is the
// host name and the pid namespace, outside of which the pid means nothing.
//
// Protocol of try_lock():
//   1. open PATH and read it. Another host's file, an unreadable one, and one of a process that is
//      alive are never stale: EAGAIN
//   2. no PATH: write the line to a private file PATH.HOST.PID.THREAD.tmp, fsync it, link() it to
//      PATH, unlink the private name. link() is exclusive and the content is complete: success is
//      ownership, EEXIST leads back to 1
//   3. stale PATH: flock() that very inode, then look PATH up again. Only if it still means the
//      locked inode, write a private file as in 2 and rename() it over PATH: ownership passes in
//      one step. Otherwise somebody was faster: back to 1
// unlock(): if PATH still means this owner's inode, unlink it.
// The usual way, to unlink the stale file and create one's own, lets B, who saw the stale file too,
// unlink the fresh file of A. PID files with O_EXCL have a second hole: between creation and
// writing the file is empty, and who finds an empty file can neither wait for it nor take it.
//
// Invariants:
//   I1  PATH, when it exists, means a file with a complete line, which its owner wrote (2, 3)
//   I2  a file of a dead process stays stale for ever: pid and start time never come back together
//   I3  PATH stops meaning a live owner's inode only by that owner's unlock()
//   I4  PATH stops meaning a stale inode only by its flock's holder, who has looked after locking
//       (3); so each stale file is replaced once, and never a fresh one
// All who can judge a file stale run on its host: it is enough that flock() works on one machine.
//
// A kill between any two steps leaves one of: a private file, which blocks nobody and is removed
// by the next process with that pid; PATH of a dead owner, which is stale; a flock, which goes with
// the process. Power loss: content is on disk before it has the lock's name (options.sync).
//
// Guarantees. Exclusive, no FIFO; lock() polls, 50 us to 10 ms apart. An attempt is lock-free: it
// starts again only when another process released or took over. Not reentrant (EDEADLK for the
// same object, EAGAIN for another one). Not signal-safe. One object is used by one thread at a
// time; objects of the same process exclude each other. After fork() the child does not hold it,
// and neither unlocks nor removes anything. A stopped process is alive: nobody takes its lock.
//
// Fencing: a file can be taken from a live owner only from outside ("rm PATH"). unlock() then says
// ESTALE and leaves the new owner's file alone; still_owned() asks before it matters.
//
// Limits: needs hard links (not FAT) and the right to create files in the directory. Hosts that
// share the directory need different names. On NFS a link() whose answer got lost looks like a held
// lock until this process ends, and flock() of a file opened for reading fails there (EBADF): files
// that a killed process left on NFS are not taken over, and lock() reports the error.
#ifndef HEDDLE_PRIMITIVES_FILE_LOCK_LOCK_FILE_H_
#define HEDDLE_PRIMITIVES_FILE_LOCK_LOCK_FILE_H_

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "primitives/file_lock/file_lock_status.h"
#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

// What a lock file says.
struct LockFileOwner {
  ProcessId process;
  std::string host;

  std::string to_string() const {
    return std::to_string(process.pid) + ' ' + std::to_string(process.start) + ' ' + host + '\n';
  }

  // Nothing unless `text` is a complete line.
  static std::optional<LockFileOwner> parse(std::string_view text) {
    LockFileOwner owner;
    if (!number(text, owner.process.pid) || owner.process.pid <= 0) return std::nullopt;
    if (!number(text, owner.process.start)) return std::nullopt;
    if (text.size() < 2 || text.find('\n') != text.size() - 1) return std::nullopt;
    owner.host = text.substr(0, text.size() - 1);
    return owner;
  }

  friend bool operator==(const LockFileOwner&, const LockFileOwner&) = default;

 private:
  // A number and the space after it.
  template <class T>
  static bool number(std::string_view& text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length == text.size() || *end != ' ') return false;
    text.remove_prefix(length + 1);
    return true;
  }
};

struct LockFileOptions {
  // Whether the content is on disk before the lock is taken. Without it a machine that loses power
  // may come back with an empty lock file, which is never judged stale. Needless on a tmpfs.
  bool sync = true;
};

template <Platform P = StdPlatform>
class LockFile {
  using Files = typename P::Files;

 public:
  // Touches no file.
  explicit LockFile(std::string path, LockFileOptions options = {})
      : path_(std::move(path)), options_(options) {}
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  // Unlocks. (Under an exhaustive engine the process may be killed here, which is an exception.)
  ~LockFile() noexcept(!P::kExhaustive) {
    if (held()) {
      static_cast<void>(unlock());
    } else {
      abandon();
    }
  }

  FileLockStatus lock() { return acquire_until(kNever, true); }
  FileLockStatus try_lock() { return acquire_until(kNever, false); }
  FileLockStatus try_lock_until(Deadline deadline) { return acquire_until(deadline, true); }

  FileLockStatus unlock() {
    if (!held()) return FileLockStatus::of(-EPERM);
    int result = -ESTALE;
    if (mutant<P>("unlock_any_file") || still_owned()) result = Files::unlink(path_.c_str());
    abandon();
    return FileLockStatus::of(result);
  }

  // Whether this process took the lock through this object and has not unlocked it.
  bool held() const { return fd_ >= 0 && taker_ == Files::self(); }

  // Whether the file is still there too. Nothing but an outsider can take it away.
  bool still_owned() const {
    FileId mine;
    FileId now;
    return held() && Files::fstat(fd_, mine) >= 0 && Files::stat(path_.c_str(), now) >= 0 &&
           mine == now;
  }

  // Who has the lock, as far as can be told; it may be over by the time it is read.
  std::optional<LockFileOwner> owner() const {
    const int fd = Files::open(path_.c_str(), OpenMode::kRead);
    if (fd < 0) return std::nullopt;
    std::optional<LockFileOwner> found = read_owner(fd);
    static_cast<void>(Files::close(fd));
    return found;
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr int kRetry = 1;  // a result of claim() and take_over(), beside 0 and -errno

  FileLockStatus acquire_until(Deadline deadline, bool wait) {
    if (held()) return FileLockStatus::of(-EDEADLK);
    abandon();
    file_lock_internal::PollBackoff<P> backoff(deadline);
    for (;;) {
      const int result = attempt();
      if (result != -EAGAIN || !wait) return FileLockStatus::of(result);
      if (!backoff.wait()) return FileLockStatus::of(-ETIMEDOUT);
    }
  }

  int attempt() {
    for (;;) {
      int result = kRetry;
      const int other = Files::open(path_.c_str(), OpenMode::kRead);
      if (other >= 0) {
        result = is_stale(other) ? take_over(other) : -EAGAIN;
        static_cast<void>(Files::close(other));
      } else {
        result = other == -ENOENT ? claim() : other;
      }
      if (result != kRetry) return result;
    }
  }

  // There was no file.
  int claim() {
    const std::string mine = private_name();
    const int fd = create_private(mine.c_str());
    if (fd < 0) return fd;
    const int result = mutant<P>("claim_by_rename") ? Files::rename(mine.c_str(), path_.c_str())
                                                    : Files::link(mine.c_str(), path_.c_str());
    if (mutant<P>("write_after_link") && result >= 0) static_cast<void>(write_owner(fd));
    if (result >= 0) take(fd);
    if (!mutant<P>("keep_private_name")) static_cast<void>(Files::unlink(mine.c_str()));
    if (result < 0) static_cast<void>(Files::close(fd));
    return result == -EEXIST ? kRetry : result;
  }

  // `other` is stale. I4: its inode's lock decides who replaces it, and that it still has the name.
  int take_over(int other) {
    if (mutant<P>("takeover_by_unlink")) {
      static_cast<void>(Files::unlink(path_.c_str()));
      return kRetry;
    }
    if (!mutant<P>("no_takeover_lock")) {
      const int result = Files::flock(other, LockMode::kExclusive, false);
      if (result < 0) return result;  // -EAGAIN: somebody else is between here and close()
    }
    FileId locked;
    FileId named;
    int result = Files::fstat(other, locked);
    if (result < 0) return result;
    result = Files::stat(path_.c_str(), named);
    if (result < 0 && result != -ENOENT) return result;
    if ((result < 0 || !(named == locked)) && !mutant<P>("no_reverify")) return kRetry;

    const std::string mine = private_name();
    const int fd = create_private(mine.c_str());
    if (fd < 0) return fd;
    result = Files::rename(mine.c_str(), path_.c_str());
    if (mutant<P>("write_after_link") && result >= 0) static_cast<void>(write_owner(fd));
    if (result >= 0) {
      take(fd);
    } else {
      static_cast<void>(Files::unlink(mine.c_str()));
      static_cast<void>(Files::close(fd));
    }
    return result;
  }

  // Kept open while held: so long the inode's number is nobody else's, see still_owned().
  void take(int fd) {
    fd_ = fd;
    taker_ = Files::self();
  }

  static bool is_stale(int other) {
    const std::optional<LockFileOwner> owner = read_owner(other);
    if (!owner) return mutant<P>("unreadable_is_stale");
    if (owner->host != Files::host() && !mutant<P>("judges_other_hosts")) return false;
    ProcessId process = owner->process;
    if (mutant<P>("pid_alone")) process.start = 0;  // unknown
    return !Files::alive(process) || mutant<P>("live_is_stale");
  }

  // The name is ours alone: no other process here has our pid, and this thread is in one call at a
  // time. What is there already was left by a killed process that had our pid. It may still be
  // linked to PATH, so it must go, not be written to.
  int create_private(const char* mine) {
    int fd = Files::open(mine, OpenMode::kCreateExclusive);
    if (fd == -EEXIST && !mutant<P>("no_litter_removal")) {
      static_cast<void>(Files::unlink(mine));
      fd = Files::open(mine, OpenMode::kCreateExclusive);
    }
    if (fd < 0) return fd;
    int result = mutant<P>("write_after_link") ? 0 : write_owner(fd);
    if (result >= 0 && options_.sync) result = Files::fsync(fd);
    if (result >= 0) return fd;
    static_cast<void>(Files::unlink(mine));
    static_cast<void>(Files::close(fd));
    return result;
  }

  static int write_owner(int fd) {
    return Files::write(fd, LockFileOwner{Files::self(), std::string(Files::host())}.to_string());
  }

  static std::optional<LockFileOwner> read_owner(int fd) {
    std::array<char, 512> text;
    const int size = Files::read(fd, text.data(), text.size());
    if (size <= 0) return std::nullopt;
    return LockFileOwner::parse({text.data(), static_cast<std::size_t>(size)});
  }

  std::string private_name() const {
    std::string name = path_;
    name.append(".").append(Files::host());
    name.append(".").append(std::to_string(Files::self().pid));
    name.append(".").append(std::to_string(P::thread_index())).append(".tmp");
    return name;
  }

  // Forgets the lock without giving it up.
  void abandon() noexcept(!P::kExhaustive) {
    if (fd_ >= 0) static_cast<void>(Files::close(std::exchange(fd_, -1)));
  }

  const std::string path_;
  const LockFileOptions options_;
  int fd_ = -1;      // the lock's file, while held
  ProcessId taker_;  // who locked
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_FILE_LOCK_LOCK_FILE_H_
