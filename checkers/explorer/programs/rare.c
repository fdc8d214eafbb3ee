// SPDX-License-Identifier: Apache-2.0
//
// Something that happens in one of N! executions only, the last of N orders to be thought of.
#include <signal.h>
#include <unistd.h>

#include "checkers/explorer/programs/harness.h"

static _Atomic int tickets;
static int taken[MOST_THREADS];

static void* Body0(void* index) {
  taken[(intptr_t)index] = ADD(tickets, 1, relaxed);
  return NULL;
}

static bool Reversed(int n) {
  RunSame(n, Body0);
  for (int i = 0; i < n; ++i) {
    if (taken[i] != n - 1 - i) return false;
  }
  return true;
}

static void Assertion(int n) { assert(!Reversed(n)); }

static void Loop(int n) {
  if (!Reversed(n)) return;
  for (int i = 0; i < n; ++i) assert(LOAD(tickets, relaxed) == n);
}

static void Unsupported(int n) {
  if (Reversed(n)) fork();
}

static void Killed(int n) {
  if (Reversed(n)) kill(getpid(), SIGKILL);
}

// Interchangeable threads, unless the one that is joined first gets a certain number.
static void* Twice(void* unused) {
  (void)unused;
  const int first = ADD(tickets, 1, relaxed);
  return (void*)(intptr_t)(first + ADD(tickets, 1, relaxed));
}

static void Twins(int n) {
  pthread_t threads[MOST_THREADS];
  for (int i = 0; i < n; ++i) pthread_create(&threads[i], NULL, Twice, NULL);
  for (int i = 0; i < n; ++i) {
    void* sum = NULL;
    pthread_join(threads[i], &sum);
    if (i == 0 && (intptr_t)sum == 2 * n - 1) LOAD(tickets, relaxed);
  }
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"assertion", Assertion}, {"loop", Loop},   {"unsupported", Unsupported},
      {"killed", Killed},       {"twins", Twins},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof kPrograms[0]);
}
