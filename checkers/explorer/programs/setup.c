// SPDX-License-Identifier: Apache-2.0
//
// What main() does before there are threads, and its traces: each execution must find it as if it
// had been done for it alone.
#include <fcntl.h>
#include <unistd.h>

#include "checkers/explorer/programs/harness.h"

static atomic_int turn;

static void* TakeTurn(void* unused) {
  (void)unused;
  ADD(turn, 1, relaxed);
  return NULL;
}

// A block that threads change, and main() frees.
static int* block;

static void* ChangeBlock(void* index) {
  assert(block[(intptr_t)index] == (int)(intptr_t)index);
  block[(intptr_t)index] += ADD(turn, 1, relaxed) + 1;
  return NULL;
}
static void Block(int n) {
  block = malloc((size_t)n * sizeof *block);
  int sum = 0;
  for (int i = 0; i < n; ++i) block[i] = i;
  RunSame(n, ChangeBlock);
  for (int i = 0; i < n; ++i) sum += block[i];
  assert(sum == n * n);
  free(block);
}

// Descriptors and streams that are closed at the end.
static void File(int n) {
  const int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  RunSame(n, TakeTurn);
  char byte = 1;
  assert(read(file, &byte, 1) == 1 && byte == 0);
  assert(close(file) == 0);
}
static void Stream(int n) {
  FILE* stream = fopen("/dev/zero", "re");
  RunSame(n, TakeTurn);
  assert(stream != NULL && getc(stream) == 0);
  assert(fclose(stream) == 0);
}

// A lock that threads find taken.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int entered;

static void* Enter(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  assert(entered > 0);
  ++entered;
  pthread_mutex_unlock(&mutex);
  return NULL;
}
static void Held(int n) {
  pthread_t threads[MOST_THREADS];
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < n; ++i) pthread_create(&threads[i], NULL, Enter, NULL);
  assert(entered++ == 0);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  assert(entered == n + 1);
}

// What is main()'s own.
static _Thread_local int local;

static void Own(int n) {
  pthread_key_t key;
  int variable = 1;
  assert(local == 0 && pthread_key_create(&key, NULL) == 0);
  local = 1;
  pthread_setspecific(key, &variable);
  RunSame(n, TakeTurn);
  assert(++local == 2 && ++variable == 2 && pthread_getspecific(key) == &variable);
  pthread_setspecific(key, NULL);
}

// A choice before there are threads.
extern _Bool __VERIFIER_nondet_bool(void);

static void Choice(int n) {
  const int first = __VERIFIER_nondet_bool() ? 10 : 0;
  STORE(turn, first, relaxed);
  RunSame(n, TakeTurn);
  assert(LOAD(turn, relaxed) == first + n);
}

// Something that hangs on the first thread, before there are others.
static void Between(int n) {
  pthread_t threads[MOST_THREADS];
  pthread_create(&threads[0], NULL, TakeTurn, NULL);
  const int seen = LOAD(turn, relaxed);
  for (int i = 1; i < n; ++i) pthread_create(&threads[i], NULL, TakeTurn, NULL);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  assert(seen <= 1 && LOAD(turn, relaxed) == n);
}

// A loop that waits for nothing, then.
static void Loop(int n) {
  for (int i = 0; i < n; ++i) ADD(turn, 1, relaxed);
  while (LOAD(turn, relaxed) < n) {
  }
  RunSame(n, TakeTurn);
  assert(LOAD(turn, relaxed) == 2 * n);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"block", Block}, {"file", File},     {"stream", Stream},   {"held", Held},
      {"own", Own},     {"choice", Choice}, {"between", Between}, {"loop", Loop},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
