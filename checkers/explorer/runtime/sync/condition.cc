// SPDX-License-Identifier: Apache-2.0
//
// pthread condition variables. A signal wakes any one of those who wait; nobody wakes without one.
// A wait with a time limit may end at it, whatever the limit is, and is never what a thread is
// stuck in.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {

int DoWait(pthread_cond_t* condition, pthread_mutex_t* mutex, bool expires, Site site) {
  Call call("pthread_cond_wait", site, "condition");
  call.TakesToo(condition, mutex);
  const Held* const held = FindHeld(call.fiber(), mutex);
  if (held == nullptr && ChecksHolder(mutex)) return EPERM;
  if (held == nullptr) {
    call.Found(verdict::kBadUnlock, "thread %d waits with the mutex %p, which it does not hold",
               call.thread(), static_cast<void*>(mutex));
  }
  if (held->count != 1) call.Unsupported("waiting with a mutex that is locked more than once");
  const bool ends_at_limit = expires && call.Expires();
  WaitQueue& queue = WaitQueue::Lock(call, condition);
  queue.Enter(call, condition, /*in_order=*/false);
  queue.Unlock(call);
  UnlockMutex(call, mutex);
  bool woken = true;
  if (ends_at_limit) {
    WaitQueue::Lock(call, condition);
    woken = !queue.Leave(call);
    queue.Unlock(call);
  } else {
    call.SetExpires(expires);
    queue.Sleep(call);
    call.SetExpires(false);
  }
  LockMutex(call, mutex);
  return woken ? 0 : ETIMEDOUT;
}

int DoSignal(pthread_cond_t* condition, bool all, Site site) {
  Call call(all ? "pthread_cond_broadcast" : "pthread_cond_signal", site);
  call.TakesToo(condition, nullptr);
  WaitQueue& queue = WaitQueue::Lock(call, condition);
  const int waiters = queue.CountAt(condition);
  if (all) {
    for (int i = 0; i < waiters; ++i) queue.Wake(call, condition, 0);
  } else if (waiters > 0) {
    queue.Wake(call, condition, waiters == 1 ? 0 : call.Choose(waiters));
  }
  queue.Unlock(call);
  return 0;
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_cond_init(pthread_cond_t* condition,
                                       const pthread_condattr_t* attributes) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_init)(condition, attributes);
  Call("pthread_cond_init", HEDDLE_CALLER).Writes(condition, sizeof *condition);
  *condition = PTHREAD_COND_INITIALIZER;
  return 0;
}

HEDDLE_INTERPOSE int pthread_cond_destroy(pthread_cond_t* condition) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_destroy)(condition);
  Call call("pthread_cond_destroy", HEDDLE_CALLER);
  WaitQueue& queue = WaitQueue::Lock(call, condition);
  if (queue.CountAt(condition) > 0) {
    call.Found(verdict::kDestroyedInUse,
               "thread %d destroys the condition variable %p, at which threads wait", call.thread(),
               static_cast<void*>(condition));
  }
  queue.Unlock(call);
  call.Destroys(condition, sizeof *condition, "condition variable");
  return 0;
}

HEDDLE_INTERPOSE int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_wait)(condition, mutex);
  return DoWait(condition, mutex, false, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                            const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_timedwait)(condition, mutex, deadline);
  if (!IsTimespec(deadline)) return EINVAL;
  return Timed(DoWait(condition, mutex, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                            clockid_t clock, const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_clockwait)(condition, mutex, clock, deadline);
  if (!IsClock(clock) || !IsTimespec(deadline)) return EINVAL;
  return Timed(DoWait(condition, mutex, true, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_signal)(condition);
  return DoSignal(condition, false, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_cond_broadcast)(condition);
  return DoSignal(condition, true, HEDDLE_CALLER);
}
