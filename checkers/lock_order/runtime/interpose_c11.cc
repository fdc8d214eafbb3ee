// SPDX-License-Identifier: Apache-2.0
// mtx_*: glibc's mtx_t is a pthread_mutex_t underneath, but its functions do not come by the
// interposed ones.
#include <threads.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/mutex_node.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t));
pthread_mutex_t* inside(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }

}  // namespace

HEDDLE_EXPORT int mtx_lock(mtx_t* mutex) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, mutex_node(t, inside(mutex), kMutexC11, call, false), 0, call, ChainWord{}, &wait);
  const int result = HEDDLE_REAL(mtx_lock)(mutex);
  finish_mutex(t_self, result == thrd_success ? 0 : EINVAL, wait);
  return result;
}
HEDDLE_EXPORT int mtx_timedlock(mtx_t* mutex, const timespec* until) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, mutex_node(t, inside(mutex), kMutexC11, call, false), kTimed, call, ChainWord{}, &wait);
  const int result = HEDDLE_REAL(mtx_timedlock)(mutex, until);
  finish_mutex(t_self, result == thrd_success ? 0 : ETIMEDOUT, wait);
  return result;
}
HEDDLE_EXPORT int mtx_trylock(mtx_t* mutex) {
  const Call call = HEDDLE_CALL;
  const int result = HEDDLE_REAL(mtx_trylock)(mutex);
  if (result == thrd_success) {
    push_tried(t_self, mutex_node(t_self, inside(mutex), kMutexC11, call, false), 0, call);
  }
  return result;
}
HEDDLE_EXPORT int mtx_unlock(mtx_t* mutex) {
  release_mutex(t_self, inside(mutex), HEDDLE_CALL);
  return HEDDLE_REAL(mtx_unlock)(mutex);
}
HEDDLE_EXPORT int mtx_init(mtx_t* mutex, int type) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  end_mutex(t, inside(mutex), call, true);
  const int result = HEDDLE_REAL(mtx_init)(mutex, type);
  if (result == thrd_success) {
    forget_mutex(inside(mutex));
    mutex_node(t, inside(mutex), kMutexC11, call, true);
  }
  return result;
}
HEDDLE_EXPORT void mtx_destroy(mtx_t* mutex) {
  const Call call = HEDDLE_CALL;
  const uint32_t node = known_mutex_node(inside(mutex));
  const bool held = inside(mutex)->__data.__owner != 0;
  HEDDLE_REAL(mtx_destroy)(mutex);
  if (node == 0) return;
  if (held && !holds(t_self, node)) g_recorder.report(t_self, kEventDestroyHeld, node, call);
  mutex_destroyed(t_self, inside(mutex), node, false, true, call);
}
