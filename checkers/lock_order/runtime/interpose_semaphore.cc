// SPDX-License-Identifier: Apache-2.0
// POSIX semaphores. A semaphore has no owner; it is a lock as long as whoever posts it holds it.
// One post by somebody else and it is none any more: not held by anyone, no acquisition recorded. A
// semaphore that is posted once in its life orders what came before the post and what comes after
// the wait.
#include <semaphore.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

uint64_t key_of(sem_t* semaphore) { return reinterpret_cast<uint64_t>(semaphore); }

uint32_t lock_node(ThreadState& t, sem_t* semaphore, Call call) {
  if (t.life == kThreadExited || !g_recorder.options().semaphores) return 0;
  const uint32_t node = g_recorder.address_node(t, key_of(semaphore), kSemaphore, call);
  if (node == 0 || t.record == nullptr) return 0;
  return (load_word(g_recorder.node(node).flags) & kNodeForeignPost) == 0 ? node : 0;
}

void passed(sem_t* semaphore, Call call) {
  g_recorder.semaphore_passed(t_self, key_of(semaphore), call);
}

template <class Real>
HEDDLE_INLINE int wait_for(sem_t* semaphore, uint8_t flags, Call call, Real real) {
  ThreadState& t = t_self;
  Waiting wait;
  begin(t, lock_node(t, semaphore, call), flags, call, ChainWord{}, &wait);
  const int result = real();
  if (result == 0) {
    // While this thread waited somebody else may have shown that it is no lock.
    if (wait.node != 0 && (load_word(g_recorder.node(wait.node).flags) & kNodeForeignPost) != 0) {
      give_up(t_self, wait);
    } else {
      finish(t_self, wait);
    }
    passed(semaphore, call);
  } else {
    give_up(t_self, wait);
  }
  return result;
}

}  // namespace

HEDDLE_EXPORT int sem_wait(sem_t* semaphore) {
  return wait_for(semaphore, 0, HEDDLE_CALL, [&] { return HEDDLE_REAL(sem_wait)(semaphore); });
}
HEDDLE_EXPORT int sem_timedwait(sem_t* semaphore, const timespec* until) {
  return wait_for(semaphore, kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(sem_timedwait)(semaphore, until); });
}
HEDDLE_EXPORT int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
  return wait_for(semaphore, kTimed, HEDDLE_CALL,
                  [&] { return HEDDLE_REAL(sem_clockwait)(semaphore, clock, until); });
}
HEDDLE_EXPORT int sem_trywait(sem_t* semaphore) {
  const Call call = HEDDLE_CALL;
  const int result = HEDDLE_REAL(sem_trywait)(semaphore);
  if (result == 0) {
    push_tried(t_self, lock_node(t_self, semaphore, call), 0, call);
    passed(semaphore, call);
  }
  return result;
}
HEDDLE_EXPORT int sem_post(sem_t* semaphore) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  const uint32_t node = lock_node(t, semaphore, call);
  if (node != 0 && !release(t, node)) post_foreign(t, node);
  g_recorder.semaphore_posted(t, key_of(semaphore));
  return HEDDLE_REAL(sem_post)(semaphore);
}
HEDDLE_EXPORT int sem_init(sem_t* semaphore, int shared, unsigned value) {
  const Call call = HEDDLE_CALL;
  ThreadState& t = t_self;
  g_recorder.end_address(t, key_of(semaphore), call);
  const int result = HEDDLE_REAL(sem_init)(semaphore, shared, value);
  if (result == 0 && t.life != kThreadExited && g_recorder.options().semaphores) {
    g_recorder.address_node(t, key_of(semaphore), kSemaphore, call);
    g_recorder.semaphore_made(t, key_of(semaphore), value);
  }
  return result;
}
HEDDLE_EXPORT int sem_destroy(sem_t* semaphore) {
  g_recorder.end_address(t_self, key_of(semaphore), HEDDLE_CALL);
  return HEDDLE_REAL(sem_destroy)(semaphore);
}
