// SPDX-License-Identifier: Apache-2.0
//
// Memory that a program maps for itself: zeros in each execution, and gone when it is unmapped.
#define _GNU_SOURCE
#include <sys/mman.h>

#include "checkers/explorer/programs/harness.h"

static const size_t kSize = 3 * 4096 - 100;

static int* Map(void) {
  void* const memory =
      mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert(memory != MAP_FAILED && (uintptr_t)memory % 4096 == 0);
  return memory;
}

static int* early;
__attribute__((constructor)) static void MapEarly(void) {
  early = Map();
  early[1] = 1;
}

static atomic_int turn;
static int* shared;

static void* Add(void* index) {
  shared[(intptr_t)index] += ADD(turn, 1, relaxed) + 1;
  return NULL;
}
static void Share(int n, int first) {
  int sum = 0;
  RunSame(n, Add);
  for (int i = 0; i < n; ++i) sum += shared[i];
  assert(sum == first + n * (n + 1) / 2);
}

// As the executions before have not left it.
static void Fresh(int n) {
  shared = Map();
  Share(n, 0);
  assert(munmap(shared, kSize) == 0);
}
static void Early(int n) {
  shared = early;
  Share(n, 1);
}

static void* Unmap(void* unused) {
  munmap(shared, kSize);
  return unused;
}
static void Unmapped(int n) {
  shared = Map();
  pthread_t thread;
  pthread_create(&thread, NULL, Unmap, NULL);
  if (n == 0) shared[0] = 1;
  pthread_join(thread, NULL);
  if (n == 1) shared[0] = 1;
}

// What is mapped leads to what is allocated, and need not be given back itself.
static void Keeps(int n) {
  int** const memory = (int**)Map();
  memory[0] = malloc(sizeof(int));
  if (n == 0) memory[0] = NULL;
}

static void Advice(int n) {
  int* const memory = Map();
  memory[0] = memory[1024] = 7;
  assert(madvise(memory, 4096, n == 0 ? MADV_WILLNEED : MADV_DONTNEED) == 0);
  assert(memory[0] == (n == 0 ? 7 : 0) && memory[1024] == 7);
}

static void Beyond(int n) {
  char* const memory = (char*)Map();
  memory[3 * 4096 - 1 + n] = 1;
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"fresh", Fresh}, {"early", Early},   {"unmapped", Unmapped},
      {"keeps", Keeps}, {"advice", Advice}, {"beyond", Beyond},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
