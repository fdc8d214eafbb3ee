// SPDX-License-Identifier: Apache-2.0
//
// Retry loops: a word is read, something is prepared, and a compare-exchange swaps or begins anew.
// What a failed attempt leaves behind may matter. Each program fails for one argument if that is
// explored, and passes for others.
#include "checkers/explorer/programs/harness.h"

static _Atomic(int) word;
static _Atomic(int) copy;
static _Atomic(int) first_copy;
static int plain_copy;
static int attempts;
static int seen;
static int seen_first;

enum { kMine = 10 };

static void* TwiceBody(void* unused) {
  (void)unused;
  STORE(word, 1, relaxed);
  STORE(word, 2, relaxed);
  return NULL;
}

// A failed attempt stores what another thread reads.
static void* CopyBody(void* unused) {
  (void)unused;
  int old = LOAD(word, relaxed);
  do {
    STORE(copy, old, relaxed);
  } while (!CAS(word, &old, kMine, relaxed, relaxed));
  return NULL;
}
static void* ReadBody(void* unused) {
  (void)unused;
  seen = LOAD(copy, relaxed);
  return NULL;
}
static void Copied(int n) {
  Body* const bodies[] = {TwiceBody, CopyBody, ReadBody};
  RunThreads(3, bodies);
  assert(n != 0 || seen != 1 || LOAD(copy, relaxed) != 2);
}

// The same, but that nobody else reads it.
static void Alone(int n) {
  Body* const bodies[] = {TwiceBody, CopyBody};
  RunThreads(2, bodies);
  assert(n == 0 || LOAD(copy, relaxed) != n - 1);
}

// It is read by who has seen the word swapped, and nothing orders the two.
static void* ReadBehindBody(void* unused) {
  (void)unused;
  if (LOAD(word, relaxed) == kMine) seen = LOAD(copy, relaxed);
  return NULL;
}
static void CopiedBefore(int n) {
  Body* const bodies[] = {TwiceBody, CopyBody, ReadBehindBody};
  RunThreads(3, bodies);
  assert(n != 0 || seen != 1 || LOAD(copy, relaxed) != 2);
}

// What an attempt stores depends on what it has read.
static void* CopyFirstBody(void* unused) {
  (void)unused;
  int old = LOAD(word, relaxed);
  do {
    if (old == 1) STORE(first_copy, 1, relaxed);
  } while (!CAS(word, &old, kMine, relaxed, relaxed));
  seen = old;
  return NULL;
}
static void CopiedOnce(int n) {
  Body* const bodies[] = {TwiceBody, CopyFirstBody};
  RunThreads(2, bodies);
  assert(n != 0 || seen != 2 || LOAD(first_copy, relaxed) != 1);
}

// Attempts are counted, in memory.
static void* CountBody(void* unused) {
  (void)unused;
  int old = LOAD(word, relaxed);
  do {
    ++attempts;
  } while (!CAS(word, &old, kMine, relaxed, relaxed));
  return NULL;
}
static void Counted(int n) {
  Body* const bodies[] = {TwiceBody, CountBody};
  RunThreads(2, bodies);
  assert(attempts != n);
}

// An attempt keeps what it has read in memory that only the first one writes to.
static void* KeepBody(void* unused) {
  (void)unused;
  bool first = true;
  int old = LOAD(word, relaxed);
  do {
    if (first) seen_first = old;
    first = false;
    plain_copy = old;
  } while (!CAS(word, &old, kMine, relaxed, relaxed));
  return NULL;
}
static void Kept(int n) {
  Body* const bodies[] = {TwiceBody, KeepBody};
  RunThreads(2, bodies);
  assert(n != 0 || seen_first != 0 || plain_copy != 2);
}

// The value comes back, and what was read in between is of another time.
static void* ThereAndBackBody(void* unused) {
  (void)unused;
  STORE(word, 1, release);
  STORE(copy, 7, release);
  STORE(word, 0, release);
  return NULL;
}
static void* ReadBetweenBody(void* unused) {
  (void)unused;
  int old = LOAD(word, acquire);
  do {
    seen = LOAD(copy, acquire);
  } while (!CAS(word, &old, kMine, acquire, acquire));
  return NULL;
}
static void CameBack(int n) {
  Body* const bodies[] = {ThereAndBackBody, ReadBetweenBody};
  RunThreads(2, bodies);
  assert(n != 0 || seen != 0 || LOAD(word, relaxed) != kMine);
}

// A failed attempt knows less than the load would have known: of what is read behind the loop.
static int data;

static void* SendBody(void* unused) {
  (void)unused;
  data = 1;
  STORE(word, 1, release);
  return NULL;
}
static void* CloseBody(void* unused) {
  (void)unused;
  STORE(word, 2, relaxed);
  return NULL;
}
static void Receive(memory_order failure) {
  int old = LOAD(word, acquire);
  for (;;) {
    int now = old;
    if (atomic_compare_exchange_strong_explicit(&word, &now, kMine, memory_order_acquire, failure))
      return;
    if (now == 2) break;
    old = now;
  }
  if (old == 1) seen = data;
}
static void* ReceiveRelaxedBody(void* unused) {
  (void)unused;
  Receive(memory_order_relaxed);
  return NULL;
}
static void* ReceiveAcquireBody(void* unused) {
  (void)unused;
  Receive(memory_order_acquire);
  return NULL;
}
static void Received(int n) {
  Body* const bodies[] = {n == 0 ? ReceiveRelaxedBody : ReceiveAcquireBody, SendBody, CloseBody};
  RunThreads(3, bodies);
}

// Reads the word twice and then wants what it has read first, which has come back.
static void* ReadTwiceBody(void* unused) {
  (void)unused;
  for (;;) {
    int first = LOAD(word, relaxed);
    const int second = LOAD(word, relaxed);
    if (second == 3) return NULL;
    if (CAS(word, &first, kMine, relaxed, relaxed)) {
      seen = 4 * first + second;
      return NULL;
    }
  }
}
static void* ThreeTwoBody(void* unused) {
  STORE(word, 3, relaxed);
  STORE(word, 2, relaxed);
  return unused;
}
static void* ThreeBody(void* unused) {
  STORE(word, 3, relaxed);
  return unused;
}
static void ReadTwice(int n) {
  Body* const bodies[] = {ReadTwiceBody, ThreeTwoBody, ThreeBody};
  RunThreads(3, bodies);
  assert(n != 0 || seen != 4 * 3 + 2);
}

// Wants for ever what is gone. What it has found it keeps.
static void* WantZeroBody(void* unused) {
  int found = LOAD(word, relaxed);
  for (;;) {
    int now = 0;
    if (CAS(word, &now, kMine, relaxed, relaxed)) break;
    found = now;
  }
  seen = found;
  return unused;
}
static void* TakeBody(void* unused) {
  EXCHANGE(word, 1, relaxed);
  return unused;
}
static void WantZero(int n) {
  Body* const bodies[] = {TakeBody, WantZeroBody};
  RunThreads(n, bodies);
}

// A failed attempt reads what another thread frees: the word's block.
static _Atomic(int*) block;

static void* LookBody(void* unused) {
  (void)unused;
  int* old = LOAD(block, acquire);
  while (old != NULL && !CAS(block, &old, old + *old, acquire, acquire)) {
  }
  return NULL;
}
static void* FreeBody(void* unused) {
  (void)unused;
  int* const mine = EXCHANGE(block, NULL, acq_rel);
  if (mine != NULL) free(mine);
  return NULL;
}
static void Freed(int n) {
  int* const numbers = calloc(2, sizeof *numbers);
  STORE(block, numbers, relaxed);
  Body* const bodies[] = {LookBody, FreeBody};
  RunThreads(n, bodies);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"copied", Copied},        {"alone", Alone},        {"copied_before", CopiedBefore},
      {"once", CopiedOnce},      {"counted", Counted},    {"kept", Kept},
      {"came_back", CameBack},   {"received", Received},  {"freed", Freed},
      {"read_twice", ReadTwice}, {"want_zero", WantZero},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
