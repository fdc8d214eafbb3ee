// SPDX-License-Identifier: Apache-2.0
// Calls that may block for long, for the option blocking_calls: made with a lock held, they are
// findings.
#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

// X(result, name, parameters, arguments)
#define HEDDLE_BLOCKING_FUNCTIONS(X)                                                          \
  X(unsigned, sleep, (unsigned seconds), (seconds))                                           \
  X(int, usleep, (useconds_t microseconds), (microseconds))                                   \
  X(int, nanosleep, (const timespec* time, timespec* rest), (time, rest))                     \
  X(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* time, timespec* rest), \
    (clock, flags, time, rest))                                                               \
  X(int, poll, (pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))              \
  X(int, ppoll, (pollfd * fds, nfds_t count, const timespec* timeout, const sigset_t* mask),  \
    (fds, count, timeout, mask))                                                              \
  X(int, select, (int count, fd_set* in, fd_set* out, fd_set* other, timeval* timeout),       \
    (count, in, out, other, timeout))                                                         \
  X(int, epoll_wait, (int fd, epoll_event* events, int count, int timeout),                   \
    (fd, events, count, timeout))                                                             \
  X(ssize_t, read, (int fd, void* buffer, size_t size), (fd, buffer, size))                   \
  X(ssize_t, write, (int fd, const void* buffer, size_t size), (fd, buffer, size))            \
  X(ssize_t, recv, (int fd, void* buffer, size_t size, int flags), (fd, buffer, size, flags)) \
  X(ssize_t, send, (int fd, const void* buffer, size_t size, int flags),                      \
    (fd, buffer, size, flags))                                                                \
  X(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))             \
  X(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))       \
  X(int, accept, (int fd, sockaddr* address, socklen_t* size), (fd, address, size))           \
  X(int, connect, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))     \
  X(int, fsync, (int fd), (fd))                                                               \
  X(int, fdatasync, (int fd), (fd))                                                           \
  X(pid_t, waitpid, (pid_t child, int* status, int options), (child, status, options))

namespace {

struct Blocking {
#define HEDDLE_MEMBER(result, name, parameters, arguments) result(*name) parameters;
  HEDDLE_BLOCKING_FUNCTIONS(HEDDLE_MEMBER)
#undef HEDDLE_MEMBER
};
Blocking g_blocking;

// Once for each call site, lock and thread, as far as a small table remembers.
constexpr uint32_t kRemembered = 64;
__thread uint64_t t_reported[kRemembered] __attribute__((tls_model("initial-exec")));

HEDDLE_COLD void blocks(ThreadState& t, const char* name, Call call) {
  if (t.busy != 0 || !g_recorder.options().blocking_calls) return;
  for (uint32_t i = t.record->depth; i-- > 0;) {
    const uint32_t node = held_at(t, i).node;
    if (node == 0) continue;
    const uint64_t key = mix(call.site ^ (uint64_t{node} << 40));
    uint64_t& slot = t_reported[key % kRemembered];
    if (slot == key) return;
    slot = key;
    g_recorder.report(t, kEventBlockingCall, node, call, 0, name);
    return;
  }
}

HEDDLE_INLINE bool holding(const ThreadState& t) {
  return HEDDLE_UNLIKELY(t.record != nullptr && t.record->depth != 0);
}

}  // namespace

#define HEDDLE_BLOCKING(result, name, parameters, arguments)                             \
  HEDDLE_EXPORT result name parameters {                                                 \
    if (holding(t_self)) blocks(t_self, #name, HEDDLE_CALL);                             \
    if (HEDDLE_UNLIKELY(g_blocking.name == nullptr)) {                                   \
      g_blocking.name = reinterpret_cast<result(*) parameters>(dlsym(RTLD_NEXT, #name)); \
    }                                                                                    \
    return g_blocking.name arguments;                                                    \
  }
HEDDLE_BLOCKING_FUNCTIONS(HEDDLE_BLOCKING)
