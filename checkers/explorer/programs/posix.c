// SPDX-License-Identifier: Apache-2.0
//
// POSIX threads' other means, used well.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "checkers/explorer/programs/harness.h"

static int entered;

static void Count(int n, Body* body) {
  entered = 0;
  RunSame(n, body);
  assert(entered == n);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void Initialize(pthread_mutex_t* lock, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_init(lock, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

static pthread_mutex_t recursive;
static void* RecursiveBody(void* unused) {
  (void)unused;
  pthread_mutex_lock(&recursive);
  pthread_mutex_lock(&recursive);
  ++entered;
  pthread_mutex_unlock(&recursive);
  pthread_mutex_unlock(&recursive);
  return NULL;
}
static void Recursive(int n) {
  Initialize(&recursive, PTHREAD_MUTEX_RECURSIVE);
  Count(n, RecursiveBody);
  pthread_mutex_destroy(&recursive);
}

static pthread_mutex_t checked;
static void* ErrorCheckBody(void* unused) {
  (void)unused;
  assert(pthread_mutex_unlock(&checked) == EPERM);
  assert(pthread_mutex_lock(&checked) == 0);
  assert(pthread_mutex_lock(&checked) == EDEADLK);
  ++entered;
  assert(pthread_mutex_unlock(&checked) == 0);
  return NULL;
}
static void ErrorCheck(int n) {
  Initialize(&checked, PTHREAD_MUTEX_ERRORCHECK);
  Count(n, ErrorCheckBody);
}

static void* TryBody(void* unused) {
  (void)unused;
  const int result = pthread_mutex_trylock(&mutex);
  assert(result == 0 || result == EBUSY);
  if (result == 0) {
    ++entered;
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}
static void TryLock(int n) {
  RunSame(n, TryBody);
  assert(entered >= 1 && entered <= n);
}

// A timed wait may end in time or not, whatever the time is.
static void* TimedBody(void* index) {
  if ((intptr_t)index == 0) {
    pthread_mutex_lock(&mutex);
    ++entered;
    pthread_mutex_unlock(&mutex);
    return NULL;
  }
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_sec += 1;
  const int result = pthread_mutex_timedlock(&mutex, &soon);
  assert(result == 0 || result == ETIMEDOUT);
  if (result == 0) {
    ++entered;
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}
static void TimedLock(int n) {
  RunSame(n, TimedBody);
  assert(entered >= 1);
}

static int ready;
static void* ConditionBody(void* index) {
  pthread_mutex_lock(&mutex);
  if ((intptr_t)index == 0) {
    ready = 1;
    pthread_cond_broadcast(&condition);
  } else {
    while (ready == 0) pthread_cond_wait(&condition, &mutex);
  }
  ++entered;
  pthread_mutex_unlock(&mutex);
  return NULL;
}
static void Condition(int n) { Count(n, ConditionBody); }

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int value;
static void* RwlockBody(void* index) {
  if ((intptr_t)index == 0) {
    pthread_rwlock_wrlock(&rwlock);
    value = 1;
  } else {
    pthread_rwlock_rdlock(&rwlock);
    const int seen = value;
    assert(seen == 0 || seen == 1);
  }
  pthread_rwlock_unlock(&rwlock);
  return NULL;
}
static void Rwlock(int n) { RunSame(n, RwlockBody); }

static pthread_barrier_t barrier;
static atomic_int serial;
static int shares[MOST_THREADS];
static int parties;
static void* BarrierBody(void* index) {
  shares[(intptr_t)index] = 1;
  if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ADD(serial, 1, relaxed);
  for (int i = 0; i < parties; ++i) assert(shares[i] == 1);
  return NULL;
}
static void Barrier(int n) {
  parties = n;
  pthread_barrier_init(&barrier, NULL, (unsigned)n);
  RunSame(n, BarrierBody);
  pthread_barrier_destroy(&barrier);
  assert(LOAD(serial, relaxed) == 1);
}

// Two rounds, each of all threads. Whoever is in the second one already tells those of the first
// nothing.
static void* RoundsBody(void* index) {
  shares[(intptr_t)index] = 1;
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < parties; ++i) assert(shares[i] == 1);
  pthread_barrier_wait(&barrier);
  shares[(intptr_t)index] = 2;
  return NULL;
}
static void Rounds(int n) {
  parties = n;
  pthread_barrier_init(&barrier, NULL, (unsigned)n);
  RunSame(n, RoundsBody);
  pthread_barrier_destroy(&barrier);
}

// More threads than a round takes: `n` rounds of two.
static void* RoundOfTwo(void* unused) {
  (void)unused;
  if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) ADD(serial, 1, relaxed);
  return NULL;
}
static void Pairs(int n) {
  pthread_barrier_init(&barrier, NULL, 2);
  RunSame(2 * n, RoundOfTwo);
  pthread_barrier_destroy(&barrier);
  assert(LOAD(serial, relaxed) == n);
}

static pthread_spinlock_t spin;
static void* SpinBody(void* unused) {
  (void)unused;
  pthread_spin_lock(&spin);
  ++entered;
  pthread_spin_unlock(&spin);
  return NULL;
}
static void Spin(int n) {
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  Count(n, SpinBody);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made;
static void Make(void) { ++made; }
static void* OnceBody(void* unused) {
  (void)unused;
  pthread_once(&once, Make);
  assert(made == 1);
  return NULL;
}
static void Once(int n) { RunSame(n, OnceBody); }

static pthread_key_t key;
static atomic_int destroyed;
static void Destroy(void* pointer) {
  free(pointer);
  ADD(destroyed, 1, relaxed);
}
static void* KeyBody(void* unused) {
  (void)unused;
  assert(pthread_getspecific(key) == NULL);
  pthread_setspecific(key, malloc(1));
  return NULL;
}
static void Key(int n) {
  pthread_key_create(&key, Destroy);
  RunSame(n, KeyBody);
  pthread_key_delete(key);
  assert(LOAD(destroyed, relaxed) == n);
}

static sem_t semaphore;
static void* SemaphoreBody(void* unused) {
  (void)unused;
  sem_wait(&semaphore);
  ++entered;
  sem_post(&semaphore);
  return NULL;
}
static void Semaphore(int n) {
  sem_init(&semaphore, 0, 1);
  Count(n, SemaphoreBody);
  sem_destroy(&semaphore);
}

static atomic_int flag;
static void* YieldBody(void* index) {
  if ((intptr_t)index == 0) {
    STORE(flag, 1, release);
    return NULL;
  }
  const struct timespec moment = {0, 1000};
  while (LOAD(flag, acquire) == 0) {
    sched_yield();
    nanosleep(&moment, NULL);
  }
  return NULL;
}
static void Yield(int n) { RunSame(n, YieldBody); }

static void* DetachedBody(void* unused) {
  (void)unused;
  STORE(flag, 1, release);
  return NULL;
}
static void Detach(int n) {
  (void)n;
  pthread_t thread;
  pthread_create(&thread, NULL, DetachedBody, NULL);
  pthread_detach(thread);
  while (LOAD(flag, acquire) == 0) sched_yield();
}

static void* TryLoopBody(void* unused) {
  while (pthread_mutex_trylock(&mutex) != 0) sched_yield();
  ++entered;
  pthread_mutex_unlock(&mutex);
  return unused;
}
static void TryLockLoop(int n) { Count(n, TryLoopBody); }

static void* TryWaitBody(void* unused) {
  while (sem_trywait(&semaphore) != 0) sched_yield();
  ++entered;
  sem_post(&semaphore);
  return unused;
}
static void TryWaitLoop(int n) {
  sem_init(&semaphore, 0, 1);
  Count(n, TryWaitBody);
}

// The thread that ends the program does not wait for the others, nor free what is on its stack.
static void* ExitBody(void* index) {
  void* volatile block = malloc(8);
  if ((intptr_t)index == 0) exit(0);
  free(block);
  return NULL;
}
static void ExitThread(int n) { RunSame(n, ExitBody); }

// Who waits for the end of the thread that ends the program never sees it.
static void* EndProgram(void* unused) {
  (void)unused;
  exit(0);
}
static void JoinExit(int n) {
  pthread_t thread;
  pthread_create(&thread, NULL, EndProgram, NULL);
  pthread_join(thread, NULL);
  assert(n < 0);
}

static void CleanUp(void* count) { ++*(int*)count; }
static void Leave(void* count) {
  pthread_cleanup_push(CleanUp, count);
  pthread_exit(NULL);
  pthread_cleanup_pop(0);
}
static void* CleanUpBody(void* unused) {
  int count = 0;
  pthread_cleanup_push(CleanUp, unused);
  pthread_cleanup_push(CleanUp, &count);
  pthread_cleanup_pop(1);
  assert(count == 1);
  Leave(unused);
  pthread_cleanup_pop(0);
  return NULL;
}
static void CleanUps(int n) {
  int count = 0;
  for (int i = 0; i < n; ++i) {
    pthread_t thread;
    pthread_create(&thread, NULL, CleanUpBody, &count);
    pthread_join(thread, NULL);
  }
  assert(count == 2 * n);
}

// Which would be other numbers each time otherwise.
static void* RandomBody(void* unused) {
  ADD(flag, rand() % 3, relaxed);
  return unused;
}
static void Random(int n) { RunSame(n, RandomBody); }

// The kernel writes into memory that the explorer watches.
static char page[4096];
static void KernelWrites(int n) {
  const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  assert(zeros >= 0);
  page[0] = 1;
  const ssize_t got = read(zeros, page, 3);
  assert(got == 3 && page[0] == 0);
  close(zeros);
  const char* const directory = getcwd(page, sizeof page);
  assert(directory == page && page[0] == '/');
  RunSame(n, DetachedBody);
}

static const struct timespec limit = {.tv_sec = 1};

// What is to be had at once is had, however soon the limit is.
static void TimedAtOnce(int n) {
  sem_init(&semaphore, 0, (unsigned)n);
  for (int i = 0; i < n; ++i) assert(sem_timedwait(&semaphore, &limit) == 0);
  assert(pthread_rwlock_timedrdlock(&rwlock, &limit) == 0);
  assert(pthread_rwlock_timedrdlock(&rwlock, &limit) == 0);
  pthread_rwlock_unlock(&rwlock);
  pthread_rwlock_unlock(&rwlock);
  assert(pthread_rwlock_timedwrlock(&rwlock, &limit) == 0);
  pthread_rwlock_unlock(&rwlock);
  assert(pthread_mutex_timedlock(&mutex, &limit) == 0);
  pthread_mutex_unlock(&mutex);
}

// Turns that end at a limit which does not move are all the same.
static void* TimedLoopBody(void* unused) {
  (void)unused;
  while (sem_timedwait(&semaphore, &limit) != 0) {
  }
  ++entered;
  sem_post(&semaphore);
  while (pthread_rwlock_timedwrlock(&rwlock, &limit) != 0) {
  }
  pthread_rwlock_unlock(&rwlock);
  return NULL;
}
static void TimedLoop(int n) {
  sem_init(&semaphore, 0, n > 0 ? 1 : 0);
  RunSame(n > 0 ? n : 1, TimedLoopBody);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"recursive", Recursive},
      {"error_check", ErrorCheck},
      {"try_lock", TryLock},
      {"timed_lock", TimedLock},
      {"timed_at_once", TimedAtOnce},
      {"timed_loop", TimedLoop},
      {"condition", Condition},
      {"rwlock", Rwlock},
      {"barrier", Barrier},
      {"barrier_rounds", Rounds},
      {"barrier_pairs", Pairs},
      {"spin", Spin},
      {"once", Once},
      {"key", Key},
      {"semaphore", Semaphore},
      {"yield", Yield},
      {"detach", Detach},
      {"try_lock_loop", TryLockLoop},
      {"try_wait_loop", TryWaitLoop},
      {"exit_thread", ExitThread},
      {"random", Random},
      {"kernel_writes", KernelWrites},
      {"join_exit", JoinExit},
      {"cleanup", CleanUps},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
