// SPDX-License-Identifier: Apache-2.0
// Condition waits: the mutex is released, and acquired again on the way out. With another lock held
// that is an acquisition in its own right, recorded before the wait begins.
#include <errno.h>
#include <pthread.h>
#include <threads.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/mutex_node.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

// A cancelled wait holds the mutex again before the clean-up handlers run.
void held_again(void* wait) { finish(t_self, *static_cast<Waiting*>(wait)); }

// The waiters stand above three bits that say other things.
bool others_wait(const pthread_cond_t* condition) {
  return (__atomic_load_n(&condition->__data.__wrefs, __ATOMIC_RELAXED) >> 3) != 0;
}
pthread_cond_t* inside(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }
static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t));

// Threads that wait at one condition variable at once have to wait with one mutex.
HEDDLE_INLINE void check_mutex(ThreadState& t, pthread_cond_t* condition, uint32_t node,
                               Call call) {
  const auto key = reinterpret_cast<uint64_t>(condition);
  const uint32_t other = g_recorder.wait_began(t, key, node, others_wait(condition));
  if (HEDDLE_UNLIKELY(other != 0)) {
    g_recorder.report(t, kEventCondTwoMutexes, node, call, other);
  }
}

template <class Real>
HEDDLE_INLINE int wait_on(pthread_cond_t* condition, pthread_mutex_t* mutex, LockKind kind,
                          uint8_t flags, Call call, Real real) {
  ThreadState& t = t_self;
  Waiting wait;
  wait.node = 0;
  const uint32_t node = mutex_node(t, mutex, kind, call, false);
  // A wait with a mutex that is not held is the caller's error; libc says what comes of it.
  if (node != 0 && t.record != nullptr && release(t, node)) {
    check_mutex(t, condition, node, call);
    begin(t, node, flags | kCondWait, call, unpack_chain(0), &wait);
    store_word(t.record->wanted, 0U);  // it waits for a signal, not for the lock
  }
  int result = 0;
  pthread_cleanup_push(held_again, &wait);
  result = real();
  pthread_cleanup_pop(0);
  // EPERM, EINVAL: it never let go of the mutex. In every case it has it now.
  finish(t_self, wait);
  return result;
}

}  // namespace

HEDDLE_EXPORT int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return wait_on(condition, mutex, kMutexNormal, 0, HEDDLE_CALL,
                 [&] { return HEDDLE_REAL(pthread_cond_wait)(condition, mutex); });
}
HEDDLE_EXPORT int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                         const timespec* until) {
  return wait_on(condition, mutex, kMutexNormal, kTimed, HEDDLE_CALL,
                 [&] { return HEDDLE_REAL(pthread_cond_timedwait)(condition, mutex, until); });
}
HEDDLE_EXPORT int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                         clockid_t clock, const timespec* until) {
  return wait_on(condition, mutex, kMutexNormal, kTimed, HEDDLE_CALL, [&] {
    return HEDDLE_REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  });
}
HEDDLE_EXPORT int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return wait_on(inside(condition), reinterpret_cast<pthread_mutex_t*>(mutex), kMutexC11, 0,
                 HEDDLE_CALL, [&] { return HEDDLE_REAL(cnd_wait)(condition, mutex); });
}
HEDDLE_EXPORT int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return wait_on(inside(condition), reinterpret_cast<pthread_mutex_t*>(mutex), kMutexC11, kTimed,
                 HEDDLE_CALL, [&] { return HEDDLE_REAL(cnd_timedwait)(condition, mutex, until); });
}
