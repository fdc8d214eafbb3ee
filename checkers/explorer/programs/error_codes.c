// SPDX-License-Identifier: Apache-2.0
//
// What POSIX functions answer where they do nothing.
#define _GNU_SOURCE  // functions that are told a clock
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <time.h>

#include "checkers/explorer/programs/harness.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static int ErrorOf(int result) { return result == 0 ? 0 : errno; }

// A limit that is none: an error at once where a thread may wait, or where it has to.
static void* WaitsUntilNever(void* nanoseconds) {
  const struct timespec never = {.tv_sec = 1, .tv_nsec = (intptr_t)nanoseconds};
  assert(pthread_mutex_timedlock(&mutex, &never) == EINVAL);
  assert(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &never) == EINVAL);
  assert(pthread_rwlock_timedrdlock(&rwlock, &never) == EINVAL);
  assert(pthread_rwlock_clockwrlock(&rwlock, CLOCK_REALTIME, &never) == EINVAL);
  assert(ErrorOf(sem_timedwait(&semaphore, &never)) == EINVAL);
  return NULL;
}
static void Limits(int n) {
  sem_init(&semaphore, 0, 1);
  pthread_mutex_lock(&mutex);
  pthread_rwlock_wrlock(&rwlock);
  pthread_t thread;
  pthread_create(&thread, NULL, WaitsUntilNever, (void*)(intptr_t)(n == 0 ? -1 : 1000000000));
  pthread_join(thread, NULL);
  const struct timespec never = {.tv_sec = 1, .tv_nsec = 1000000000};
  assert(pthread_cond_timedwait(&changed, &mutex, &never) == EINVAL);
}

static void Clocks(int n) {
  const clockid_t clock = n == 0 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_BOOTTIME;
  const struct timespec limit = {.tv_sec = 1, .tv_nsec = 0};
  sem_init(&semaphore, 0, 1);
  assert(pthread_mutex_clocklock(&mutex, clock, &limit) == EINVAL);
  assert(pthread_rwlock_clockrdlock(&rwlock, clock, &limit) == EINVAL);
  assert(pthread_rwlock_clockwrlock(&rwlock, clock, &limit) == EINVAL);
  assert(ErrorOf(sem_clockwait(&semaphore, clock, &limit)) == EINVAL);
  pthread_mutex_lock(&mutex);
  assert(pthread_cond_clockwait(&changed, &mutex, clock, &limit) == EINVAL);
  pthread_mutex_unlock(&mutex);
}

static void NotHeld(int n) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes,
                            n == 0 ? PTHREAD_MUTEX_ERRORCHECK : PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&mutex, &attributes);
  assert(pthread_cond_wait(&changed, &mutex) == EPERM);
  assert(pthread_mutex_unlock(&mutex) == EPERM);
}

// Several threads at the most that it counts to: one of them only has room for its own.
static void* Posts(void* posted) {
  if (sem_post(&semaphore) == 0) {
    ADD(*(atomic_int*)posted, 1, relaxed);
  } else {
    assert(errno == EOVERFLOW);
  }
  return NULL;
}
static void Full(int n) {
  atomic_int posted = 0;
  sem_init(&semaphore, 0, SEM_VALUE_MAX - 1);
  pthread_t threads[MOST_THREADS];
  for (int i = 0; i < n; ++i) pthread_create(&threads[i], NULL, Posts, &posted);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  int value = 0;
  sem_getvalue(&semaphore, &value);
  assert(value == SEM_VALUE_MAX && LOAD(posted, relaxed) == 1);
}

// By a key that takes the place of a deleted one there is nothing yet.
static void Key(int n) {
  pthread_key_t key;
  for (int i = 0; i < n; ++i) {
    assert(pthread_key_create(&key, NULL) == 0 && pthread_getspecific(key) == NULL);
    assert(pthread_setspecific(key, &key) == 0 && pthread_getspecific(key) == &key);
    assert(pthread_key_delete(key) == 0);
  }
}

static void NoBarrier(int n) {
  static pthread_barrier_t barrier;
  for (int i = 0; i < n; ++i) pthread_barrier_wait(&barrier);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"limits", Limits}, {"clocks", Clocks}, {"not_held", NotHeld},
      {"full", Full},     {"key", Key},       {"no_barrier", NoBarrier},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
