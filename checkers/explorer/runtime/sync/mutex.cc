// SPDX-License-Identifier: Apache-2.0
//
// pthread mutexes. The word that libc uses for the lock holds 0, or one more than the owner's id: a
// lock is one read-modify-write that waits for 0.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "checkers/explorer/runtime/operations.h"
#include "checkers/explorer/runtime/sync/sync.h"

namespace heddle::explorer {
namespace {

int* WordOf(pthread_mutex_t* mutex) { return &mutex->__data.__lock; }

// Bits above are for robust and priority mutexes.
int KindOf(const pthread_mutex_t* mutex) { return mutex->__data.__kind & 0x7f; }

void CheckKind(Call& call, const pthread_mutex_t* mutex) {
  const int kind = KindOf(mutex);
  if (kind != PTHREAD_MUTEX_NORMAL && kind != PTHREAD_MUTEX_RECURSIVE &&
      kind != PTHREAD_MUTEX_ERRORCHECK && kind != PTHREAD_MUTEX_ADAPTIVE_NP) {
    call.Unsupported("robust and priority mutexes");
  }
}

// Of a mutex that the thread holds already: what a lock of it gives; -1: it waits for itself.
int Again(Held& held, int kind) {
  if (kind == PTHREAD_MUTEX_RECURSIVE) {
    ++held.count;
    CountEffect();
    return 0;
  }
  return kind == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK : -1;
}

}  // namespace

bool ChecksHolder(const pthread_mutex_t* mutex) {
  return KindOf(mutex) == PTHREAD_MUTEX_ERRORCHECK || KindOf(mutex) == PTHREAD_MUTEX_RECURSIVE;
}

void LockMutex(Call& call, pthread_mutex_t* mutex) {
  LockWord(call, WordOf(mutex));
  AddHeld(call, mutex, "mutex");
}

bool TryLockMutex(Call& call, pthread_mutex_t* mutex) {
  if (!TryLockWord(call, WordOf(mutex))) return false;
  AddHeld(call, mutex, "mutex");
  return true;
}

void UnlockMutex(Call& call, pthread_mutex_t* mutex) {
  Held* const held = FindHeld(call.fiber(), mutex);
  RemoveHeld(call.fiber(), held);
  UnlockWord(call, WordOf(mutex));
}

int DoLockMutex(pthread_mutex_t* mutex, Site site) {
  Call call("pthread_mutex_lock", site, "mutex");
  CheckKind(call, mutex);
  if (Held* const held = FindHeld(call.fiber(), mutex)) {
    const int result = Again(*held, KindOf(mutex));
    if (result >= 0) return result;
  }
  LockMutex(call, mutex);
  return 0;
}

int DoTryLockMutex(pthread_mutex_t* mutex, Site site) {
  Call call = Call::ThatPolls("pthread_mutex_trylock", site);
  CheckKind(call, mutex);
  if (Held* const held = FindHeld(call.fiber(), mutex)) {
    return KindOf(mutex) == PTHREAD_MUTEX_RECURSIVE ? Again(*held, KindOf(mutex)) : EBUSY;
  }
  return TryLockMutex(call, mutex) ? 0 : EBUSY;
}

int DoTimedLockMutex(pthread_mutex_t* mutex, Site site) {
  Call call("pthread_mutex_timedlock", site, "mutex");
  CheckKind(call, mutex);
  if (Held* const held = FindHeld(call.fiber(), mutex)) {
    const int result = Again(*held, KindOf(mutex));
    return result >= 0 ? result : ETIMEDOUT;
  }
  if (GivesUp(call, WordOf(mutex), [](int owner) { return owner == 0; })) return ETIMEDOUT;
  call.SetExpires(true);
  LockMutex(call, mutex);
  return 0;
}

int DoUnlockMutex(pthread_mutex_t* mutex, Site site) {
  Call call("pthread_mutex_unlock", site);
  CheckKind(call, mutex);
  Held* const held = FindHeld(call.fiber(), mutex);
  if (held == nullptr) {
    if (ChecksHolder(mutex)) return EPERM;
    call.Found(verdict::kBadUnlock, "thread %d unlocks the mutex %p, which it does not hold",
               call.thread(), static_cast<void*>(mutex));
  }
  if (held->count == 1) {
    UnlockMutex(call, mutex);
  } else {
    --held->count;
    CountEffect();
  }
  return 0;
}

int DoInitMutex(pthread_mutex_t* mutex, int kind, Site site) {
  Call call("pthread_mutex_init", site);
  call.Writes(mutex, sizeof *mutex);
  *mutex = {};
  mutex->__data.__kind = kind;
  return 0;
}

int DoDestroyMutex(pthread_mutex_t* mutex, Site site) {
  Call call("pthread_mutex_destroy", site);
  CheckKind(call, mutex);
  const int owner = call.Load(WordOf(mutex), Order::kRelaxed);
  if (owner != 0) {
    call.Found(verdict::kDestroyedInUse, "thread %d destroys the mutex %p, which thread %d holds",
               call.thread(), static_cast<void*>(mutex), owner - 1);
  }
  call.Destroys(mutex, sizeof *mutex, "mutex");
  return 0;
}

}  // namespace heddle::explorer

using namespace heddle::explorer;  // NOLINT(google-build-using-namespace)

HEDDLE_INTERPOSE int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_lock)(mutex);
  return DoLockMutex(mutex, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_trylock)(mutex);
  return DoTryLockMutex(mutex, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_mutex_timedlock(pthread_mutex_t* mutex,
                                             const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_timedlock)(mutex, deadline);
  return Timed(DoTimedLockMutex(mutex, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                             const timespec* deadline) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_clocklock)(mutex, clock, deadline);
  if (!IsClock(clock)) return EINVAL;
  return Timed(DoTimedLockMutex(mutex, HEDDLE_CALLER), deadline);
}

HEDDLE_INTERPOSE int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_unlock)(mutex);
  return DoUnlockMutex(mutex, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_mutex_init(pthread_mutex_t* mutex,
                                        const pthread_mutexattr_t* attributes) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_init)(mutex, attributes);
  int kind = PTHREAD_MUTEX_NORMAL;
  if (attributes != nullptr) pthread_mutexattr_gettype(attributes, &kind);
  return DoInitMutex(mutex, kind, HEDDLE_CALLER);
}

HEDDLE_INTERPOSE int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  if (!Exploring()) return HEDDLE_REAL(pthread_mutex_destroy)(mutex);
  return DoDestroyMutex(mutex, HEDDLE_CALLER);
}
