// SPDX-License-Identifier: Apache-2.0
// File locks: flock(), fcntl() and lockf(). A file is one node, whatever its names, descriptors and
// locked ranges; its identity is the same in every process.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/node_tag.h"
#include "checkers/lock_order/runtime/real.h"
#include "checkers/lock_order/runtime/text.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

// Files that were locked by descriptor, so that close() can tell. Keys are descriptors + 1; values
// are nodes, above them this process's secret: a forked child's nodes are others.
constinit AddressMap<RuntimePlatform> g_locked_files{};
constinit std::atomic<uint32_t> g_any_locked{0};

uint64_t identity_of(const struct stat& status) {
  const uint64_t inode = status.st_ino;
  return status.st_dev ^ ((inode << 21) | (inode >> 43));
}

uint32_t file_node(ThreadState& t, int fd, LockKind kind, Call call) {
  if (t.life == kThreadExited || !g_recorder.options().file_locks) return 0;
  const KeepErrno keep;
  struct stat status{};
  if (fstat(fd, &status) != 0) return 0;
  const uint64_t identity = identity_of(status);
  const uint64_t key = file_key(identity, kind);
  const uint32_t known = g_recorder.known_node(key);
  if (known != 0 && t.record != nullptr) return known;
  const uint32_t node = g_recorder.address_node(t, key, kind, call);
  if (node == 0) return 0;
  char path[400];
  Text<64> link;
  link << "/proc/self/fd/" << static_cast<uint64_t>(fd);
  const ssize_t size = readlink(link.c_str(), path, sizeof(path) - 1);
  path[size > 0 ? size : 0] = 0;
  const SlowPath slow(t);
  if (slow.entered()) g_recorder.name_file(node, identity, path);
  return node;
}

void remember(ThreadState& t, int fd, uint32_t node) {
  const SlowPath slow(t);
  if (!slow.entered()) return;
  const FutexLocker locker(g_recorder.lock());
  g_locked_files.set(static_cast<uint64_t>(fd) + 1, (uint64_t{g_tag_secret} << 32) | node);
  g_any_locked.store(1, std::memory_order_relaxed);
}

enum class Want : uint8_t { kNothing, kRelease, kShare, kOwn };

// One locking call. `waits`: it may block. A lock that is held already is converted, not nested.
template <class Real>
HEDDLE_INLINE int locking(int fd, LockKind kind, Want want, bool waits, Call call, Real real) {
  ThreadState& t = t_self;
  if (want == Want::kNothing) return real();
  if (want == Want::kRelease) {
    const int result = real();
    if (result == 0) {
      const uint32_t node = file_node(t, fd, kind, call);
      if (node != 0 && t.record != nullptr) release(t, node);
    }
    return result;
  }
  const uint32_t node = file_node(t, fd, kind, call);
  const uint8_t flags = want == Want::kShare ? kShared : 0;
  const bool converts = node != 0 && t.record != nullptr && holds(t, node);
  if (!waits) {
    const int result = real();
    if (result == 0 && node != 0) {
      if (converts) release(t, node);
      push_tried(t_self, node, flags, call);
      remember(t, fd, node);
    }
    return result;
  }
  Waiting wait;
  if (converts) release(t, node);
  begin(t, node, flags, call, ChainWord{}, &wait);
  const int result = real();
  if (result == 0) {
    finish(t_self, wait);
    if (node != 0) remember(t, fd, node);
  } else {
    give_up(t_self, wait);
    if (converts && errno == EINTR) push_tried(t_self, node, flags, call);
  }
  return result;
}

template <class Real>
HEDDLE_INLINE int control(int fd, int command, void* argument, Call call, Real real) {
  const bool traditional = command == F_SETLK || command == F_SETLKW;
  const bool by_description = command == F_OFD_SETLK || command == F_OFD_SETLKW;
  if ((!traditional && !by_description) || argument == nullptr) return real();
  const auto* range = static_cast<const struct flock*>(argument);
  const Want want = range->l_type == F_UNLCK   ? Want::kRelease
                    : range->l_type == F_RDLCK ? Want::kShare
                    : range->l_type == F_WRLCK ? Want::kOwn
                                               : Want::kNothing;
  return locking(fd, traditional ? kPosixFileLock : kOfdFileLock, want,
                 command == F_SETLKW || command == F_OFD_SETLKW, call, real);
}

Want want_of_lockf(int operation) {
  return operation == F_ULOCK                          ? Want::kRelease
         : operation == F_LOCK || operation == F_TLOCK ? Want::kOwn
                                                       : Want::kNothing;
}

}  // namespace

HEDDLE_EXPORT int flock(int fd, int operation) {
  const int kind = operation & ~LOCK_NB;
  const Want want = kind == LOCK_UN   ? Want::kRelease
                    : kind == LOCK_SH ? Want::kShare
                    : kind == LOCK_EX ? Want::kOwn
                                      : Want::kNothing;
  return locking(fd, kFlock, want, (operation & LOCK_NB) == 0, HEDDLE_CALL,
                 [&] { return HEDDLE_REAL(flock)(fd, operation); });
}
// Every command takes at most one word, so passing a word on is right for all of them.
HEDDLE_EXPORT int fcntl(int fd, int command, ...) {
  const Call call = HEDDLE_CALL;
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return control(fd, command, argument, call,
                 [&] { return HEDDLE_REAL(fcntl)(fd, command, argument); });
}
HEDDLE_EXPORT int fcntl64(int fd, int command, ...) {
  const Call call = HEDDLE_CALL;
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return control(fd, command, argument, call, [&] {
    return g_real.fcntl64 != nullptr ? g_real.fcntl64(fd, command, argument)
                                     : HEDDLE_REAL(fcntl)(fd, command, argument);
  });
}
HEDDLE_EXPORT int lockf(int fd, int operation, off_t size) {
  return locking(fd, kPosixFileLock, want_of_lockf(operation), operation == F_LOCK, HEDDLE_CALL,
                 [&] { return HEDDLE_REAL(lockf)(fd, operation, size); });
}
HEDDLE_EXPORT int lockf64(int fd, int operation, off64_t size) {
  return locking(fd, kPosixFileLock, want_of_lockf(operation), operation == F_LOCK, HEDDLE_CALL,
                 [&] { return HEDDLE_REAL(lockf64)(fd, operation, size); });
}

// Closing the descriptor drops its lock (for flock, with the last duplicate; taken as that).
HEDDLE_EXPORT int close(int fd) {
  if (HEDDLE_UNLIKELY(g_any_locked.load(std::memory_order_relaxed) != 0)) {
    const uint64_t value = g_locked_files.find(static_cast<uint64_t>(fd) + 1);
    const uint32_t node = value >> 32 == g_tag_secret ? static_cast<uint32_t>(value) : 0;
    ThreadState& t = t_self;
    if (node != 0 && t.record != nullptr) {
      {
        const SlowPath slow(t);
        if (slow.entered()) {
          const FutexLocker locker(g_recorder.lock());
          g_locked_files.set(static_cast<uint64_t>(fd) + 1, 0);
        }
      }
      if (holds(t, node)) release(t, node);
    }
  }
  return HEDDLE_REAL(close)(fd);
}
