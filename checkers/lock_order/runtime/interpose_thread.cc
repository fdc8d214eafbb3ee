// SPDX-License-Identifier: Apache-2.0
// Threads and what orders them: create, join, barriers, once. Each begins a new segment of the
// threads concerned; a mutex or a condition variable never does.
#include <pthread.h>
#include <threads.h>

#include "checkers/lock_order/runtime/held_stack.h"
#include "checkers/lock_order/runtime/real.h"

using namespace heddle::lock_order;  // NOLINT(google-build-using-namespace)

namespace {

uint64_t key_of(const void* object) { return reinterpret_cast<uint64_t>(object); }

void inherit(const ThreadStart& start) {
  ThreadState& t = t_self;
  if (t.life != kThreadNew) return;
  t.creator = start.creator;
  t.creator_segment = start.creator_segment;
  t.creator_chain = start.creator_chain;
  t.create_stack = start.create_stack;
  t.create_sequence = start.create_sequence;
  // Now, not at its first lock: its creator may join it by then.
  const SlowPath slow(t);
}

void* run(void* argument) {
  auto* start = static_cast<ThreadStart*>(argument);
  const ThreadStart copy = *start;
  g_recorder.free_start(start);
  inherit(copy);
  return copy.routine(copy.argument);
}

int run_c11(void* argument) {
  auto* start = static_cast<ThreadStart*>(argument);
  const ThreadStart copy = *start;
  g_recorder.free_start(start);
  inherit(copy);
  return copy.routine_c11(copy.argument);
}

void joined(ThreadState& t, uint64_t handle, uint32_t other, Call call) {
  if (other == 0) {
    // It had not begun to run when the join began. Its handle may name a newer thread by now, but
    // then one that is running.
    other = g_recorder.thread_of(handle);
    if (other != 0 && load_word(g_recorder.thread(other).alive) != 2) return;
  }
  if (other != 0) g_recorder.joined(t, handle, other, call);
}

}  // namespace

HEDDLE_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                 void* (*routine)(void*), void* argument) {
  const Call call = HEDDLE_CALL;
  ThreadStart* start = g_recorder.make_start(t_self, call);
  if (start == nullptr) return HEDDLE_REAL(pthread_create)(thread, attributes, routine, argument);
  start->routine = routine;
  start->argument = argument;
  const int result = HEDDLE_REAL(pthread_create)(thread, attributes, run, start);
  if (result != 0) g_recorder.free_start(start);
  return result;
}
HEDDLE_EXPORT int thrd_create(thrd_t* thread, thrd_start_t routine, void* argument) {
  const Call call = HEDDLE_CALL;
  ThreadStart* start = g_recorder.make_start(t_self, call);
  if (start == nullptr) return HEDDLE_REAL(thrd_create)(thread, routine, argument);
  start->routine_c11 = routine;
  start->argument = argument;
  const int result = HEDDLE_REAL(thrd_create)(thread, run_c11, start);
  if (result != thrd_success) g_recorder.free_start(start);
  return result;
}

#define HEDDLE_JOIN(real_call, success)                         \
  const Call call = HEDDLE_CALL;                                \
  const auto handle = static_cast<uint64_t>(thread);            \
  const uint32_t other = g_recorder.thread_of(handle);          \
  const int result = real_call;                                 \
  if (result == (success)) joined(t_self, handle, other, call); \
  return result

HEDDLE_EXPORT int pthread_join(pthread_t thread, void** value) {
  HEDDLE_JOIN(HEDDLE_REAL(pthread_join)(thread, value), 0);
}
HEDDLE_EXPORT int pthread_tryjoin_np(pthread_t thread, void** value) {
  HEDDLE_JOIN(HEDDLE_REAL(pthread_tryjoin_np)(thread, value), 0);
}
HEDDLE_EXPORT int pthread_timedjoin_np(pthread_t thread, void** value, const timespec* until) {
  HEDDLE_JOIN(HEDDLE_REAL(pthread_timedjoin_np)(thread, value, until), 0);
}
HEDDLE_EXPORT int pthread_clockjoin_np(pthread_t thread, void** value, clockid_t clock,
                                       const timespec* until) {
  HEDDLE_JOIN(HEDDLE_REAL(pthread_clockjoin_np)(thread, value, clock, until), 0);
}
HEDDLE_EXPORT int thrd_join(thrd_t thread, int* value) {
  HEDDLE_JOIN(HEDDLE_REAL(thrd_join)(thread, value), thrd_success);
}

HEDDLE_EXPORT int pthread_barrier_init(pthread_barrier_t* barrier,
                                       const pthread_barrierattr_t* attributes, unsigned count) {
  const Call call = HEDDLE_CALL;
  const int result = HEDDLE_REAL(pthread_barrier_init)(barrier, attributes, count);
  if (result == 0) g_recorder.barrier_made(t_self, key_of(barrier), count, call);
  return result;
}
HEDDLE_EXPORT int pthread_barrier_destroy(pthread_barrier_t* barrier) {
  const int result = HEDDLE_REAL(pthread_barrier_destroy)(barrier);
  if (result == 0) g_recorder.barrier_gone(t_self, key_of(barrier));
  return result;
}
HEDDLE_EXPORT int pthread_barrier_wait(pthread_barrier_t* barrier) {
  const Call call = HEDDLE_CALL;
  uint32_t id = 0;
  const uint32_t round = g_recorder.barrier_entered(t_self, key_of(barrier), &id);
  const int result = HEDDLE_REAL(pthread_barrier_wait)(barrier);
  if (result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD) {
    g_recorder.barrier_left(t_self, id, round, call);
  }
  return result;
}

namespace {

// The routine takes no argument, so what to run stands in the thread's state.
void run_once() {
  ThreadState& t = t_self;
  void (*routine)() = t.once_routine;
  const uint64_t control = t.once_control;
  routine();
  g_recorder.once_ran(t, control);
}

template <class Real>
HEDDLE_INLINE int once(uint64_t control, void (*routine)(), Call call, Real real) {
  ThreadState& t = t_self;
  if (t.life == kThreadExited || g_recorder.once_known(t, control)) return real(routine);
  void (*const outer_routine)() = t.once_routine;
  const uint64_t outer_control = t.once_control;
  t.once_routine = routine;
  t.once_control = control;
  const int result = real(run_once);
  t.once_routine = outer_routine;
  t.once_control = outer_control;
  g_recorder.once_passed(t, control, call);
  return result;
}

}  // namespace

HEDDLE_EXPORT int pthread_once(pthread_once_t* control, void (*routine)()) {
  return once(key_of(control), routine, HEDDLE_CALL,
              [&](void (*what)()) { return g_real.pthread_once(control, what); });
}
HEDDLE_EXPORT void call_once(once_flag* flag, void (*routine)()) {
  once(key_of(flag), routine, HEDDLE_CALL, [&](void (*what)()) {
    HEDDLE_REAL(call_once)(flag, what);
    return 0;
  });
}
