// SPDX-License-Identifier: Apache-2.0
//
// syscall(SYS_futex, ...): FUTEX_WAIT and FUTEX_WAKE, with or without a bit set that is all ones.
// As in the kernel, the word is looked at under the lock of the queue, and who has waited longest
// is woken first. A wait does not end without reason.
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

int FutexWait(std::uint32_t* word, std::uint32_t value, bool expires, Site site) {
  Call call("futex wait", site, "futex");
  call.TakesToo(reinterpret_cast<std::uintptr_t>(word), value);
  call.SetInternal();
  const bool ends_at_limit = expires && call.Expires();
  WaitQueue& queue = WaitQueue::Lock(call, word);
  if (call.Load(word, Order::kSeqCst) != value) {
    queue.Unlock(call);
    return EAGAIN;
  }
  queue.Enter(call, word, /*in_order=*/true);
  queue.Unlock(call);
  if (!ends_at_limit) {
    call.SetExpires(expires);
    call.SetSleepsOn(word, value);
    queue.Sleep(call);
    return 0;
  }
  WaitQueue::Lock(call, word);
  const bool woken = !queue.Leave(call);
  queue.Unlock(call);
  return woken ? 0 : ETIMEDOUT;
}

int FutexWake(std::uint32_t* word, int count, Site site) {
  Call call("futex wake", site);
  call.TakesToo(reinterpret_cast<std::uintptr_t>(word), static_cast<std::uint64_t>(count));
  call.SetInternal();
  WaitQueue& queue = WaitQueue::Lock(call, word);
  int woken = 0;
  for (int waiters = queue.CountAt(word); woken < count && waiters > 0; --waiters, ++woken) {
    queue.Wake(call, word, 0);
  }
  queue.Unlock(call);
  return woken;
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (!Exploring()) {
    return HEDDLE_REAL(syscall)(number, arguments[0], arguments[1], arguments[2], arguments[3],
                                arguments[4], arguments[5]);
  }
  const Site site = HEDDLE_CALLER;
  if (number != SYS_futex) {
    Call("syscall", site).Unsupported("the system call %ld", number);
  }
  auto* const word = reinterpret_cast<std::uint32_t*>(arguments[0]);
  const auto flags = static_cast<unsigned>(arguments[1]);
  const auto value = static_cast<std::uint32_t>(arguments[2]);
  const auto* const limit = reinterpret_cast<const timespec*>(arguments[3]);
  int error = 0;
  switch (flags & ~static_cast<unsigned>(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) {
    case FUTEX_WAIT_BITSET:
      error = Timed(FutexWait(word, value, limit != nullptr, site), limit);
      break;
    case FUTEX_WAIT:
      error = FutexWait(word, value, limit != nullptr, site);
      if (error == ETIMEDOUT) nanosleep(limit, nullptr);
      break;
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE:
      return FutexWake(word, static_cast<int>(value), site);
    default:
      Call("syscall", site).Unsupported("the futex operation %u", flags);
  }
  if (error == 0) return 0;
  errno = error;
  return -1;
}
