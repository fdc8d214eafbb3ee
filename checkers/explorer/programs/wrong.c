// SPDX-License-Identifier: Apache-2.0
//
// One program for each thing that the explorer finds.
#define _GNU_SOURCE  // pthread_tryjoin_np
#include <sched.h>
#include <signal.h>

#include "checkers/explorer/programs/harness.h"

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_int flag, other;
static int data;

static void RunTwo(Body* a, Body* b) { RunThreads(2, (Body* const[]){a, b}); }

static void* Publish(void* unused) {
  (void)unused;
  data = 42;
  STORE(flag, 1, relaxed);
  return NULL;
}
static void* ReadPublished(void* unused) {
  (void)unused;
  if (LOAD(flag, acquire) == 1) assert(data == 42);
  return NULL;
}
static void Race(int n) {
  (void)n;
  RunTwo(Publish, ReadPublished);
}

// One access of the two is atomic.
static void* PlainStore(void* unused) {
  (void)unused;
  *(int*)&flag = 1;
  return NULL;
}
static void* AtomicLoad(void* unused) {
  (void)unused;
  LOAD(flag, acquire);
  return NULL;
}
static void RaceWithAtomic(int n) {
  (void)n;
  RunTwo(PlainStore, AtomicLoad);
}

// An update that is not one.
static void* Increment(void* unused) {
  (void)unused;
  STORE(flag, LOAD(flag, seq_cst) + 1, seq_cst);
  return NULL;
}
static void Assertion(int n) {
  RunSame(n, Increment);
  assert(LOAD(flag, relaxed) == n);
}

static void* FirstSecond(void* unused) {
  (void)unused;
  pthread_mutex_lock(&first);
  pthread_mutex_lock(&second);
  pthread_mutex_unlock(&second);
  pthread_mutex_unlock(&first);
  return NULL;
}
static void* SecondFirst(void* unused) {
  (void)unused;
  pthread_mutex_lock(&second);
  pthread_mutex_lock(&first);
  pthread_mutex_unlock(&first);
  pthread_mutex_unlock(&second);
  return NULL;
}
static void Abba(int n) {
  (void)n;
  RunTwo(FirstSecond, SecondFirst);
}

static void SelfDeadlock(int n) {
  (void)n;
  pthread_mutex_lock(&first);
  pthread_mutex_lock(&first);
}

// The condition is looked at before the lock that protects it is taken.
static void* WaitForFlag(void* unused) {
  (void)unused;
  if (LOAD(flag, acquire) == 0) {
    pthread_mutex_lock(&first);
    pthread_cond_wait(&condition, &first);
    pthread_mutex_unlock(&first);
  }
  return NULL;
}
static void* RaiseFlag(void* unused) {
  (void)unused;
  STORE(flag, 1, release);
  pthread_mutex_lock(&first);
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&first);
  return NULL;
}
static void LostWakeup(int n) {
  (void)n;
  RunTwo(WaitForFlag, RaiseFlag);
}

static void* SpinForFlag(void* unused) {
  (void)unused;
  while (LOAD(flag, acquire) != 2) {
  }
  return NULL;
}
static void* RaiseFlagAtomically(void* unused) {
  (void)unused;
  STORE(flag, 1, release);
  return NULL;
}
static void Livelock(int n) {
  (void)n;
  RunTwo(SpinForFlag, RaiseFlagAtomically);
}

// It reads first in each turn, and waits at another place than it comes back to.
static atomic_int gate;

static void* OpenGate(void* unused) {
  (void)unused;
  int expected;
  do {
    (void)LOAD(gate, relaxed);
    expected = 1;
  } while (!CAS(gate, &expected, 2, release, relaxed));
  return NULL;
}
static void* StayOutside(void* unused) {
  (void)unused;
  STORE(flag, 1, relaxed);
  return NULL;
}
static void LivelockInTurn(int n) {
  (void)n;
  RunTwo(OpenGate, StayOutside);
}

static int* _Atomic shared;

static void* ReadShared(void* unused) {
  (void)unused;
  int* pointer = LOAD(shared, acquire);
  if (pointer != NULL) data = *pointer;
  return NULL;
}
static void* FreeShared(void* unused) {
  (void)unused;
  int* pointer = EXCHANGE(shared, NULL, acq_rel);
  free(pointer);
  return NULL;
}
static void ShareNew(void) {
  int* pointer = malloc(sizeof *pointer);
  *pointer = 7;
  STORE(shared, pointer, release);
}
static void UseAfterFree(int n) {
  (void)n;
  ShareNew();
  RunTwo(ReadShared, FreeShared);
}

static void* FreeOnce(void* unused) {
  (void)unused;
  // Two may see it before either takes it away.
  int* pointer = LOAD(shared, acquire);
  if (pointer == NULL) return NULL;
  STORE(shared, NULL, relaxed);
  free(pointer);
  return NULL;
}
static void DoubleFree(int n) {
  (void)n;
  ShareNew();
  RunTwo(FreeOnce, FreeOnce);
}

static void* ReplaceShared(void* unused) {
  (void)unused;
  int* pointer = malloc(sizeof *pointer);
  *pointer = 1;
  // Whoever comes second loses the first one's.
  int* before = LOAD(shared, acquire);
  STORE(shared, pointer, release);
  free(before);
  return NULL;
}
static void* ReplaceIfNone(void* unused) {
  (void)unused;
  int* pointer = malloc(sizeof *pointer);
  *pointer = 2;
  if (LOAD(shared, acquire) != NULL) {
    free(pointer);
  } else {
    STORE(shared, pointer, release);
  }
  return NULL;
}
static void Leak(int n) {
  (void)n;
  RunTwo(ReplaceShared, ReplaceIfNone);
  free(LOAD(shared, relaxed));
}

// The flag is raised before what it promises is there.
static atomic_int* _Atomic cell;
static void* AllocateCell(void* unused) {
  (void)unused;
  atomic_int* made = malloc(sizeof *made);
  STORE(cell, made, release);
  STORE(*made, 1, relaxed);
  return NULL;
}
static void* ReadCell(void* unused) {
  (void)unused;
  atomic_int* made = LOAD(cell, acquire);
  if (made != NULL) data = LOAD(*made, relaxed);
  return NULL;
}
static void Uninitialized(int n) {
  (void)n;
  RunTwo(AllocateCell, ReadCell);
  free(LOAD(cell, relaxed));
}

static atomic_int slots;
static int* table;
static void* FillSlot(void* unused) {
  (void)unused;
  table[ADD(slots, 1, relaxed)] = 1;
  return NULL;
}
static void OutOfBounds(int n) {
  table = malloc((size_t)(n - 1) * sizeof *table);
  RunSame(n, FillSlot);
  free(table);
}

static void* LockFirst(void* unused) {
  (void)unused;
  pthread_mutex_lock(&first);
  STORE(flag, 1, release);
  pthread_mutex_unlock(&first);
  return NULL;
}
static void* UnlockFirst(void* unused) {
  (void)unused;
  if (LOAD(flag, acquire) == 1) pthread_mutex_unlock(&first);
  return NULL;
}
static void BadUnlock(int n) {
  (void)n;
  RunTwo(LockFirst, UnlockFirst);
}

// Variables of functions that have returned. Each function must be one of its own, not a part of
// the thread's.
#define FUNCTION __attribute__((noinline))
static atomic_int* _Atomic place;
static int* _Atomic plain_place;

FUNCTION static void LendCell(void) {
  atomic_int lent = 1;
  STORE(place, &lent, release);
  STORE(place, NULL, release);
}
FUNCTION static void UseStack(void) {
  atomic_int own = 2;
  ADD(own, LOAD(flag, relaxed), relaxed);
}
static void* LendForAWhile(void* unused) {
  LendCell();
  UseStack();
  while (LOAD(other, acquire) == 0) {
  }
  return unused;
}
static void* ReadLent(void* unused) {
  atomic_int* lent = LOAD(place, acquire);
  if (lent != NULL) LOAD(*lent, relaxed);
  STORE(other, 1, release);
  return unused;
}
static void ReturnedAtomic(int n) {
  (void)n;
  RunTwo(LendForAWhile, ReadLent);
}
static void ReturnedAtomicLater(int n) {
  (void)n;
  RunTwo(ReadLent, LendForAWhile);
}

FUNCTION static void LendPlain(void) {
  int lent = 1;
  STORE(plain_place, &lent, release);
  LOAD(flag, relaxed);
}
static void* LendPlainAndEnd(void* unused) {
  LendPlain();
  return unused;
}
static void* ReadLentPlain(void* unused) {
  int* lent = LOAD(plain_place, acquire);
  if (lent != NULL) data = *lent;
  return unused;
}
static void ReturnedPlain(int n) {
  (void)n;
  RunTwo(LendPlainAndEnd, ReadLentPlain);
}
static void ReturnedPlainLater(int n) {
  (void)n;
  RunTwo(ReadLentPlain, LendPlainAndEnd);
}

// Memory that is a function's again when it is looked at, but another one's.
FUNCTION static void WaitOnStack(void) {
  atomic_int own[8];
  for (int i = 0; i < 8; ++i) atomic_init(&own[i], 1);
  while (LOAD(own[LOAD(flag, relaxed)], relaxed) != LOAD(other, acquire)) {
  }
}
static void* LendAndWait(void* unused) {
  LendCell();
  LOAD(flag, relaxed);
  WaitOnStack();
  return unused;
}
static void* ReadOld(void* unused) {
  atomic_int* lent = LOAD(place, acquire);
  if (lent != NULL) LOAD(*lent, relaxed);
  STORE(other, 1, release);
  return unused;
}
static void ReturnedReused(int n) {
  (void)n;
  RunTwo(LendAndWait, ReadOld);
}

static void* DestroyFirst(void* unused) {
  (void)unused;
  if (LOAD(flag, acquire) == 1) pthread_mutex_destroy(&first);
  return NULL;
}
static void DestroyedInUse(int n) {
  (void)n;
  RunTwo(LockFirst, DestroyFirst);
}

static void* Dereference(void* unused) {
  (void)unused;
  data = *LOAD(shared, acquire);
  return NULL;
}
static void* TakeAway(void* unused) {
  (void)unused;
  STORE(shared, NULL, release);
  return NULL;
}
static void Segfault(int n) {
  (void)n;
  static int target = 1;
  STORE(shared, &target, relaxed);
  RunTwo(Dereference, TakeAway);
}

static void* AbortWhenSet(void* unused) {
  (void)unused;
  if (LOAD(flag, relaxed) == 1) abort();
  return NULL;
}
static void Abort(int n) {
  (void)n;
  RunTwo(AbortWhenSet, RaiseFlagAtomically);
}

// Every turn is another state.
static void* CountForEver(void* unused) {
  (void)unused;
  while (LOAD(flag, acquire) != 2) ADD(other, 1, relaxed);
  return NULL;
}
static void CountingLoop(int n) {
  (void)n;
  RunTwo(CountForEver, RaiseFlagAtomically);
}

static void* ExitWhenSet(void* unused) {
  if (LOAD(flag, relaxed) == 1) exit(3);
  return unused;
}
static void ExitStatus(int n) {
  (void)n;
  RunTwo(ExitWhenSet, RaiseFlagAtomically);
}

// As what the compiler puts before a copy of known length does.
extern void __chk_fail(void);
static void* FailCheck(void* unused) {
  if (LOAD(flag, relaxed) == 1) __chk_fail();
  return unused;
}
static void LibraryAbort(int n) {
  (void)n;
  RunTwo(FailCheck, RaiseFlagAtomically);
}

static int Deeper(volatile char* above) {
  volatile char here[1024];
  here[0] = *above;
  return here[0] == 0 ? 0 : Deeper(here) + here[0];
}
static void* Overflow(void* unused) {
  volatile char bottom = 1;
  if (LOAD(flag, relaxed) == 1) Deeper(&bottom);
  return unused;
}
static void StackOverflow(int n) {
  (void)n;
  RunTwo(Overflow, RaiseFlagAtomically);
}

// Each look may find it running.
static void TryJoinLoop(int n) {
  (void)n;
  pthread_t thread;
  pthread_create(&thread, NULL, RaiseFlagAtomically, NULL);
  while (pthread_tryjoin_np(thread, NULL) != 0) sched_yield();
}

// More values than are explored.
extern int __VERIFIER_nondet_int(void);
static void Nondet(int n) {
  (void)n;
  assert(__VERIFIER_nondet_int() != 1000);
}

// What is assumed becomes true by what another thread does later.
extern void __VERIFIER_assume(int);
static void Assume(int n) {
  pthread_t thread;
  pthread_create(&thread, NULL, RaiseFlagAtomically, NULL);
  __VERIFIER_assume(LOAD(flag, acquire) == 1);
  assert(n == 1);
  pthread_join(thread, NULL);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"race", Race},
      {"assume", Assume},
      {"race_with_atomic", RaceWithAtomic},
      {"assertion", Assertion},
      {"abba", Abba},
      {"self_deadlock", SelfDeadlock},
      {"lost_wakeup", LostWakeup},
      {"livelock", Livelock},
      {"livelock_in_turn", LivelockInTurn},
      {"use_after_free", UseAfterFree},
      {"double_free", DoubleFree},
      {"leak", Leak},
      {"uninitialized", Uninitialized},
      {"out_of_bounds", OutOfBounds},
      {"bad_unlock", BadUnlock},
      {"destroyed_in_use", DestroyedInUse},
      {"returned_atomic", ReturnedAtomic},
      {"returned_atomic_later", ReturnedAtomicLater},
      {"returned_plain", ReturnedPlain},
      {"returned_plain_later", ReturnedPlainLater},
      {"returned_reused", ReturnedReused},
      {"segfault", Segfault},
      {"abort", Abort},
      {"counting_loop", CountingLoop},
      {"exit_status", ExitStatus},
      {"library_abort", LibraryAbort},
      {"stack_overflow", StackOverflow},
      {"try_join_loop", TryJoinLoop},
      {"nondet", Nondet},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
