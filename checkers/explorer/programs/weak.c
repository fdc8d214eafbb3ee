// SPDX-License-Identifier: Apache-2.0
//
// Compare-exchanges that may fail for no reason. Built as a user's program is for weak_cas=on.
#include "checkers/explorer/programs/harness.h"

#define WEAK_CAS(variable, expected, value, success, failure)                                 \
  atomic_compare_exchange_weak_explicit(&(variable), expected, value, memory_order_##success, \
                                        memory_order_##failure)

static atomic_int counter;
static int failures[MOST_THREADS];
static int entered;

static void* IncrementOnce(void* unused) {
  int before = 0;
  WEAK_CAS(counter, &before, 1, relaxed, relaxed);
  return unused;
}
// Nobody else is there, yet it need not have happened.
static void Once(int n) {
  (void)n;
  IncrementOnce(NULL);
  assert(LOAD(counter, relaxed) == 1);
}

static void* Increment(void* unused) {
  int before = LOAD(counter, relaxed);
  while (!WEAK_CAS(counter, &before, before + 1, relaxed, relaxed)) {
  }
  return unused;
}
static void Loop(int n) {
  RunSame(n, Increment);
  assert(LOAD(counter, relaxed) == n);
}

static void* CountFailures(void* index) {
  int before = LOAD(counter, relaxed);
  while (!WEAK_CAS(counter, &before, before + 1, relaxed, relaxed)) {
    ++failures[(intptr_t)index];
  }
  return NULL;
}
static void Counted(int n) {
  RunSame(n, CountFailures);
  assert(LOAD(counter, relaxed) == n);
}

// Takes a failure for somebody else's success.
static void* Claim(void* unused) {
  int unclaimed = 0;
  if (WEAK_CAS(counter, &unclaimed, 1, acquire, relaxed)) ++entered;
  return unused;
}
static void Claims(int n) {
  RunSame(n, Claim);
  assert(entered == 1);
}

static void* StrongClaim(void* unused) {
  int unclaimed = 0;
  if (CAS(counter, &unclaimed, 1, acquire, relaxed)) ++entered;
  return unused;
}
static void StrongClaims(int n) {
  RunSame(n, StrongClaim);
  assert(entered == 1);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"once", Once},
      {"loop", Loop},
      {"counted", Counted},
      {"claims", Claims},
      {"strong_claims", StrongClaims},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
