// SPDX-License-Identifier: Apache-2.0
//
// Memory that is accessed by atomic operations and without, as C allows it with the compilers' own
// functions. Whether such an access takes part in an execution must not depend on who came first.
#include "checkers/explorer/programs/harness.h"

// A relaxed one whose value nobody uses is no access: compilers leave it out.
#define BARE_LOAD(object, order) __atomic_load_n(&(object), __ATOMIC_##order)
#define BARE_STORE(object, value, order) __atomic_store_n(&(object), value, __ATOMIC_##order)
#define BARE_ADD(object, value, order) __atomic_fetch_add(&(object), value, __ATOMIC_##order)

static int before, after, last;
// Not static: for all the compiler knows somebody writes to it.
int constant;
static volatile int seen;

// Atomic reads and others, among operations by which either thread can be first.
static void* ReadsPlainly(void* unused) {
  (void)unused;
  BARE_STORE(before, 1, RELAXED);
  seen = constant;
  BARE_ADD(after, 1, RELAXED);
  BARE_STORE(last, 1, RELAXED);
  return NULL;
}
static void* ReadsAtomically(void* unused) {
  (void)unused;
  BARE_LOAD(before, SEQ_CST);
  BARE_LOAD(constant, SEQ_CST);
  BARE_ADD(after, 1, RELAXED);
  BARE_LOAD(last, SEQ_CST);
  return NULL;
}
static void Reads(int n) {
  Body* const bodies[] = {ReadsPlainly, ReadsAtomically};
  pthread_t thread;
  pthread_create(&thread, NULL, bodies[n % 2], NULL);
  bodies[1 - n % 2](NULL);
  pthread_join(thread, NULL);
}

// What a thread has written by atomic operations, for one that reads it without.
static int value, flag;

static void* Writes(void* unused) {
  (void)unused;
  BARE_STORE(value, 1, RELAXED);
  BARE_STORE(value, 2, RELAXED);
  BARE_STORE(flag, 1, RELEASE);
  return NULL;
}
static void* ReadsPublished(void* unused) {
  (void)unused;
  if (BARE_LOAD(flag, ACQUIRE) == 1) assert(value == 2);
  return NULL;
}
static void* ReadsUnpublished(void* unused) {
  (void)unused;
  if (BARE_LOAD(flag, RELAXED) == 1) seen = value;
  return NULL;
}
static void Published(int n) {
  RunThreads(2, (Body*[]){Writes, n == 1 ? ReadsPublished : ReadsUnpublished});
}

// Two objects at once, of which one is written.
struct {
  int written;
  int constant;
} pair = {1, 2};

static void* WritesOne(void* unused) {
  (void)unused;
  BARE_STORE(pair.written, 3, RELAXED);
  BARE_ADD(after, 1, RELAXED);
  BARE_LOAD(pair.constant, SEQ_CST);
  BARE_STORE(flag, 1, RELEASE);
  return NULL;
}
static void* ReadsBoth(void* unused) {
  (void)unused;
  if (BARE_LOAD(flag, ACQUIRE) == 0) return NULL;
  int64_t both;
  memcpy(&both, &pair, sizeof both);
  assert(both == (INT64_C(2) << 32 | 3));
  BARE_ADD(after, 1, RELAXED);
  return NULL;
}
static void* ReadsConstant(void* unused) {
  (void)unused;
  BARE_ADD(after, 1, RELAXED);
  assert(pair.constant == 2);
  BARE_ADD(after, 1, RELAXED);
  return NULL;
}
static void Pair(int n) {
  (void)n;
  RunThreads(3, (Body*[]){WritesOne, ReadsBoth, ReadsConstant});
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"reads", Reads},
      {"published", Published},
      {"pair", Pair},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
