// SPDX-License-Identifier: Apache-2.0
//
// C11's threads.h: mutexes and condition variables are the pthread ones, as in glibc.
#include <errno.h>
#include <pthread.h>
#include <threads.h>
#include <time.h>

#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

static_assert(sizeof(mtx_t) >= 40 && sizeof(mtx_t) <= sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) <= sizeof(pthread_cond_t));

pthread_mutex_t* Of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* Of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int AsC11(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

}  // namespace
}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int mtx_init(mtx_t* mutex, int type) {
  if (!Exploring()) return HEDDLE_REAL(mtx_init)(mutex, type);
  const bool recursive = (type & mtx_recursive) != 0;
  return AsC11(DoInitMutex(Of(mutex), recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL,
                           HEDDLE_CALLER));
}

HEDDLE_INTERPOSE void mtx_destroy(mtx_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(mtx_destroy)(mutex);
  DoDestroyMutex(Of(mutex), HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int mtx_lock(mtx_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(mtx_lock)(mutex);
  return AsC11(DoLockMutex(Of(mutex), HEDDLE_CALLER));
}

HEDDLE_INTERPOSE int mtx_trylock(mtx_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(mtx_trylock)(mutex);
  return AsC11(DoTryLockMutex(Of(mutex), HEDDLE_CALLER));
}

HEDDLE_INTERPOSE int mtx_timedlock(mtx_t* mutex, const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(mtx_timedlock)(mutex, deadline);
  return AsC11(Timed(DoTimedLockMutex(Of(mutex), HEDDLE_CALLER), deadline));
}

HEDDLE_INTERPOSE int mtx_unlock(mtx_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(mtx_unlock)(mutex);
  return AsC11(DoUnlockMutex(Of(mutex), HEDDLE_CALLER));
}

HEDDLE_INTERPOSE int cnd_init(cnd_t* condition) {
  if (!Exploring()) return HEDDLE_REAL(cnd_init)(condition);
  return AsC11(pthread_cond_init(Of(condition), nullptr));
}

HEDDLE_INTERPOSE void cnd_destroy(cnd_t* condition) {
  if (!Exploring()) return HEDDLE_REAL(cnd_destroy)(condition);
  pthread_cond_destroy(Of(condition));
}

HEDDLE_INTERPOSE int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  if (!Exploring()) return HEDDLE_REAL(cnd_wait)(condition, mutex);
  return AsC11(DoWait(Of(condition), Of(mutex), false, HEDDLE_CALLER));
}

HEDDLE_INTERPOSE int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* deadline) {
  if (!Exploring()) return HEDDLE_REAL(cnd_timedwait)(condition, mutex, deadline);
  if (!IsTimespec(deadline)) return AsC11(EINVAL);
  return AsC11(Timed(DoWait(Of(condition), Of(mutex), true, HEDDLE_CALLER), deadline));
}

HEDDLE_INTERPOSE int cnd_signal(cnd_t* condition) {
  if (!Exploring()) return HEDDLE_REAL(cnd_signal)(condition);
  return AsC11(DoSignal(Of(condition), false, HEDDLE_CALLER));
}

HEDDLE_INTERPOSE int cnd_broadcast(cnd_t* condition) {
  if (!Exploring()) return HEDDLE_REAL(cnd_broadcast)(condition);
  return AsC11(DoSignal(Of(condition), true, HEDDLE_CALLER));
}

HEDDLE_INTERPOSE void call_once(once_flag* once, void (*function)()) {
  if (!Exploring()) return HEDDLE_REAL(call_once)(once, function);
  pthread_once(reinterpret_cast<pthread_once_t*>(once), function);
}
