// SPDX-License-Identifier: Apache-2.0
//
// The functions behind the interposed ones. The hot ones are bound by the loader, through aliases
// that libc exports for programs older than glibc 2.34, so they work from the first instruction on
// and need no dlsym; the others are looked up when the runtime starts, or at the first call.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_REAL_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_REAL_H_

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <threads.h>
#include <time.h>

#include "checkers/lock_order/runtime/base.h"

// X(result, name, parameters)
#define HEDDLE_BOUND_FUNCTIONS(X)                                               \
  X(int, pthread_mutex_init, (pthread_mutex_t*, const pthread_mutexattr_t*))    \
  X(int, pthread_mutex_destroy, (pthread_mutex_t*))                             \
  X(int, pthread_mutex_lock, (pthread_mutex_t*))                                \
  X(int, pthread_mutex_trylock, (pthread_mutex_t*))                             \
  X(int, pthread_mutex_unlock, (pthread_mutex_t*))                              \
  X(int, pthread_rwlock_init, (pthread_rwlock_t*, const pthread_rwlockattr_t*)) \
  X(int, pthread_rwlock_destroy, (pthread_rwlock_t*))                           \
  X(int, pthread_rwlock_rdlock, (pthread_rwlock_t*))                            \
  X(int, pthread_rwlock_wrlock, (pthread_rwlock_t*))                            \
  X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t*))                         \
  X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t*))                         \
  X(int, pthread_rwlock_unlock, (pthread_rwlock_t*))                            \
  X(int, pthread_once, (pthread_once_t*, void (*)()))

// X(result, name, parameters, version to ask for first on x86-64 or nullptr)
#define HEDDLE_LOOKED_UP_FUNCTIONS(X)                                                             \
  X(int, pthread_mutex_timedlock, (pthread_mutex_t*, const timespec*), nullptr)                   \
  X(int, pthread_mutex_clocklock, (pthread_mutex_t*, clockid_t, const timespec*), nullptr)        \
  X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t*, const timespec*), nullptr)               \
  X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t*, const timespec*), nullptr)               \
  X(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t*, clockid_t, const timespec*), nullptr)    \
  X(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t*, clockid_t, const timespec*), nullptr)    \
  X(int, pthread_spin_init, (pthread_spinlock_t*, int), nullptr)                                  \
  X(int, pthread_spin_destroy, (pthread_spinlock_t*), nullptr)                                    \
  X(int, pthread_spin_lock, (pthread_spinlock_t*), nullptr)                                       \
  X(int, pthread_spin_trylock, (pthread_spinlock_t*), nullptr)                                    \
  X(int, pthread_spin_unlock, (pthread_spinlock_t*), nullptr)                                     \
  X(int, pthread_cond_wait, (pthread_cond_t*, pthread_mutex_t*), "GLIBC_2.3.2")                   \
  X(int, pthread_cond_timedwait, (pthread_cond_t*, pthread_mutex_t*, const timespec*),            \
    "GLIBC_2.3.2")                                                                                \
  X(int, pthread_cond_clockwait, (pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*), \
    nullptr)                                                                                      \
  X(int, pthread_barrier_init, (pthread_barrier_t*, const pthread_barrierattr_t*, unsigned),      \
    nullptr)                                                                                      \
  X(int, pthread_barrier_destroy, (pthread_barrier_t*), nullptr)                                  \
  X(int, pthread_barrier_wait, (pthread_barrier_t*), nullptr)                                     \
  X(int, pthread_create, (pthread_t*, const pthread_attr_t*, void* (*)(void*), void*), nullptr)   \
  X(int, pthread_join, (pthread_t, void**), nullptr)                                              \
  X(int, pthread_tryjoin_np, (pthread_t, void**), nullptr)                                        \
  X(int, pthread_timedjoin_np, (pthread_t, void**, const timespec*), nullptr)                     \
  X(int, pthread_clockjoin_np, (pthread_t, void**, clockid_t, const timespec*), nullptr)          \
  X(int, mtx_init, (mtx_t*, int), nullptr)                                                        \
  X(void, mtx_destroy, (mtx_t*), nullptr)                                                         \
  X(int, mtx_lock, (mtx_t*), nullptr)                                                             \
  X(int, mtx_trylock, (mtx_t*), nullptr)                                                          \
  X(int, mtx_timedlock, (mtx_t*, const timespec*), nullptr)                                       \
  X(int, mtx_unlock, (mtx_t*), nullptr)                                                           \
  X(int, cnd_wait, (cnd_t*, mtx_t*), nullptr)                                                     \
  X(int, cnd_timedwait, (cnd_t*, mtx_t*, const timespec*), nullptr)                               \
  X(int, thrd_create, (thrd_t*, thrd_start_t, void*), nullptr)                                    \
  X(int, thrd_join, (thrd_t, int*), nullptr)                                                      \
  X(void, call_once, (once_flag*, void (*)()), nullptr)                                           \
  X(int, sem_init, (sem_t*, int, unsigned), nullptr)                                              \
  X(int, sem_destroy, (sem_t*), nullptr)                                                          \
  X(int, sem_wait, (sem_t*), nullptr)                                                             \
  X(int, sem_trywait, (sem_t*), nullptr)                                                          \
  X(int, sem_timedwait, (sem_t*, const timespec*), nullptr)                                       \
  X(int, sem_clockwait, (sem_t*, clockid_t, const timespec*), nullptr)                            \
  X(int, sem_post, (sem_t*), nullptr)                                                             \
  X(int, sigaction, (int, const struct sigaction*, struct sigaction*), nullptr)                   \
  X(int, flock, (int, int), nullptr)                                                              \
  X(int, fcntl, (int, int, ...), nullptr)                                                         \
  X(int, fcntl64, (int, int, ...), nullptr)                                                       \
  X(int, lockf, (int, int, off_t), nullptr)                                                       \
  X(int, lockf64, (int, int, off64_t), nullptr)                                                   \
  X(int, close, (int), nullptr)                                                                   \
  X(int, munmap, (void*, size_t), nullptr)

namespace heddle::lock_order {

struct Real {
#define HEDDLE_MEMBER(result, name, parameters, ...) result(*name) parameters;
  HEDDLE_BOUND_FUNCTIONS(HEDDLE_MEMBER)
  HEDDLE_LOOKED_UP_FUNCTIONS(HEDDLE_MEMBER)
#undef HEDDLE_MEMBER
};
extern Real g_real __attribute__((visibility("hidden")));

// Looks up what the loader did not bind. Under a program built with ThreadSanitizer the bound ones
// are looked up too: its own interceptors may stand in the aliases' place.
void resolve_real_functions();

bool program_has_tsan();

}  // namespace heddle::lock_order

// The real function, also before the runtime has started.
#define HEDDLE_REAL(name)                                      \
  (HEDDLE_LIKELY(::heddle::lock_order::g_real.name != nullptr) \
       ? ::heddle::lock_order::g_real.name                     \
       : (::heddle::lock_order::resolve_real_functions(), ::heddle::lock_order::g_real.name))

#define HEDDLE_EXPORT extern "C" __attribute__((visibility("default"), used))

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_REAL_H_
