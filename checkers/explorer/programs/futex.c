// SPDX-License-Identifier: Apache-2.0
//
// Waiting by futex: as libstdc++ 12 does it, which loses wake-ups, and as it should be.
//
// - Its counting_semaphore reads the count that it goes to sleep on before it tries to take one
//   (semaphore_base.h and __atomic_wait_address_bare in atomic_wait.h). Where the count is 1, is
//   taken by another thread before the try, and is put back before the sleep, the kernel finds the
//   count that it was told and lets the thread sleep, with the count at 1: nobody wakes it. GCC's
//   bug 104928 collects the reports.
// - Its atomic<T>::wait counts the thread as a waiter, then looks at the value; a notification
// comes
//   behind the store of the value and looks at the number of waiters. Where that store is not
//   seq_cst each of the two can miss the other, as in store buffering (x86 does so).
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkers/explorer/programs/harness.h"

static atomic_int word;
static atomic_int waiters;
static int shared;

static void Sleep(int value) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, NULL); }
static void WakeAll(void) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX); }

static bool TryTake(void) {
  int count = LOAD(word, acquire);
  return count != 0 && CAS(word, &count, count - 1, acquire, relaxed);
}

static void Give(void) {
  if (ADD(word, 1, release) == 0) WakeAll();
}

static void* TakeByOldCount(void* unused) {
  for (;;) {
    const int count = LOAD(word, acquire);
    if (TryTake()) break;
    Sleep(count);
  }
  ++shared;
  Give();
  return unused;
}

static void* Take(void* unused) {
  while (!TryTake()) Sleep(0);
  ++shared;
  Give();
  return unused;
}

static void RunSemaphore(int n, Body* body) {
  atomic_init(&word, 1);
  RunSame(n, body);
  assert(shared == n);
}

static void SemaphoreOldCount(int n) { RunSemaphore(n, TakeByOldCount); }
static void Semaphore(int n) { RunSemaphore(n, Take); }

static void* Wait(void* unused) {
  ADD(waiters, 1, seq_cst);
  while (LOAD(word, acquire) == 0) Sleep(0);
  ADD(waiters, -1, release);
  assert(shared == 1);
  return unused;
}

static void* NotifyRelease(void* unused) {
  shared = 1;
  STORE(word, 1, release);
  if (LOAD(waiters, seq_cst) != 0) WakeAll();
  return unused;
}

static void* NotifySeqCst(void* unused) {
  shared = 1;
  STORE(word, 1, seq_cst);
  if (LOAD(waiters, seq_cst) != 0) WakeAll();
  return unused;
}

static void RunWait(int n, Body* notify) {
  Body* bodies[MOST_THREADS];
  for (int i = 0; i < n; ++i) bodies[i] = i == 0 ? notify : Wait;
  RunThreads(n, bodies);
}

static void WaitRelease(int n) { RunWait(n, NotifyRelease); }
static void WaitSeqCst(int n) { RunWait(n, NotifySeqCst); }

// What the kernel does is no order that the language knows: who was woken, or was told that it need
// not sleep, has to acquire what it goes on with.
static void* Publish(void* unused) {
  shared = 1;
  STORE(word, 1, release);
  WakeAll();
  return unused;
}

static void* ReadWhenWoken(void* unused) {
  Sleep(0);
  assert(shared == 1);
  return unused;
}

static void* AcquireWhenWoken(void* unused) {
  Sleep(0);
  assert(LOAD(word, acquire) == 1 && shared == 1);
  return unused;
}

static void* FenceWhenWoken(void* unused) {
  Sleep(0);
  assert(LOAD(word, relaxed) == 1);
  atomic_thread_fence(memory_order_acquire);
  assert(shared == 1);
  return unused;
}

static void WokenReads(int n) { RunThreads(n, (Body* const[]){Publish, ReadWhenWoken}); }
static void WokenAcquires(int n) { RunThreads(n, (Body* const[]){Publish, AcquireWhenWoken}); }
static void WokenFences(int n) { RunThreads(n, (Body* const[]){Publish, FenceWhenWoken}); }

static const Program kPrograms[] = {
    {"semaphore_old_count", SemaphoreOldCount},
    {"semaphore", Semaphore},
    {"wait_release", WaitRelease},
    {"wait_seq_cst", WaitSeqCst},
    {"woken_reads", WokenReads},
    {"woken_acquires", WokenAcquires},
    {"woken_fences", WokenFences},
};

int main(int argc, char** argv) {
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof kPrograms[0]);
}
