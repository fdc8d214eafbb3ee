// SPDX-License-Identifier: Apache-2.0
//
// C11's threads.h, used well.
#include <stdint.h>
#include <threads.h>
#include <time.h>

#include "checkers/explorer/programs/harness.h"

static void Start(int n, thrd_start_t function, thrd_t* threads) {
  for (intptr_t i = 0; i < n; ++i) {
    const int result = thrd_create(&threads[i], function, (void*)i);
    assert(result == thrd_success);
  }
}

static void Run(int n, thrd_start_t function) {
  thrd_t threads[MOST_THREADS];
  Start(n, function, threads);
  for (int i = 0; i < n; ++i) {
    int result;
    assert(thrd_join(threads[i], &result) == thrd_success);
    assert(result == i - 1);
  }
}

static mtx_t mutex;
static cnd_t condition;
static int entered;

static int Enter(void* number) {
  mtx_lock(&mutex);
  ++entered;
  mtx_unlock(&mutex);
  return (int)(intptr_t)number - 1;
}

static void Mutex(int n) {
  mtx_init(&mutex, mtx_plain);
  Run(n, Enter);
  assert(entered == n);
  mtx_destroy(&mutex);
}

static int EnterTwice(void* number) {
  mtx_lock(&mutex);
  mtx_lock(&mutex);
  ++entered;
  mtx_unlock(&mutex);
  mtx_unlock(&mutex);
  thrd_exit((int)(intptr_t)number - 1);
}

static void Recursive(int n) {
  mtx_init(&mutex, mtx_plain | mtx_recursive);
  Run(n, EnterTwice);
  assert(entered == n);
}

static int EnterInTime(void* number) {
  struct timespec soon;
  timespec_get(&soon, TIME_UTC);
  if (mtx_timedlock(&mutex, &soon) == thrd_success) {
    ++entered;
    mtx_unlock(&mutex);
  }
  return (int)(intptr_t)number - 1;
}

static void TimedLock(int n) {
  mtx_init(&mutex, mtx_timed);
  Run(n, EnterInTime);
  assert(entered <= n);
}

static int MeetAll(void* number) {
  const int n = 2;
  mtx_lock(&mutex);
  ++entered;
  if (entered == n) cnd_broadcast(&condition);
  while (entered < n) cnd_wait(&condition, &mutex);
  mtx_unlock(&mutex);
  return (int)(intptr_t)number - 1;
}

static void Condition(int n) {
  mtx_init(&mutex, mtx_plain);
  cnd_init(&condition);
  Run(n < 2 ? n : 2, MeetAll);
  cnd_destroy(&condition);
}

static int WaitInTime(void* number) {
  struct timespec soon;
  timespec_get(&soon, TIME_UTC);
  mtx_lock(&mutex);
  const int result = cnd_timedwait(&condition, &mutex, &soon);
  assert(result == thrd_timedout);
  ++entered;
  mtx_unlock(&mutex);
  return (int)(intptr_t)number - 1;
}

// Nobody signals: each wait ends in time.
static void TimedWait(int n) {
  mtx_init(&mutex, mtx_plain);
  cnd_init(&condition);
  Run(n, WaitInTime);
  assert(entered == n);
}

static tss_t key;
static atomic_int destroyed;

static void Destroy(void* value) {
  assert((intptr_t)value > 0);
  ADD(destroyed, 1, relaxed);
}

static int SetOwn(void* number) {
  assert(tss_get(key) == NULL);
  const int result = tss_set(key, (void*)((intptr_t)number + 1));
  assert(result == thrd_success);
  assert((intptr_t)tss_get(key) == (intptr_t)number + 1);
  return (int)(intptr_t)number - 1;
}

static void Specific(int n) {
  assert(tss_create(&key, Destroy) == thrd_success);
  Run(n, SetOwn);
  assert(LOAD(destroyed, relaxed) == n);
  tss_delete(key);
}

static once_flag once = ONCE_FLAG_INIT;

static void Make(void) { ++entered; }

static int MakeOnce(void* number) {
  call_once(&once, Make);
  assert(entered == 1);
  return (int)(intptr_t)number - 1;
}

static void Once(int n) { Run(n, MakeOnce); }

static thrd_t main_thread;

static int Look(void* number) {
  assert(!thrd_equal(thrd_current(), main_thread));
  thrd_yield();
  const struct timespec day = {.tv_sec = 86400};
  thrd_sleep(&day, NULL);
  ADD(destroyed, 1, relaxed);
  return (int)(intptr_t)number;
}

static void Detached(int n) {
  main_thread = thrd_current();
  thrd_t threads[MOST_THREADS];
  Start(n, Look, threads);
  for (int i = 0; i < n; ++i) assert(thrd_detach(threads[i]) == thrd_success);
  assert(LOAD(destroyed, relaxed) <= n);
}

static const Program kPrograms[] = {
    {"mutex", Mutex},         {"recursive", Recursive},  {"timed_lock", TimedLock},
    {"condition", Condition}, {"timed_wait", TimedWait}, {"specific", Specific},
    {"once", Once},           {"detached", Detached},
};

int main(int argc, char** argv) {
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof kPrograms[0]);
}
