// SPDX-License-Identifier: Apache-2.0
//
// What the programs here share: plain C11 and POSIX threads, nothing of the explorer.
#ifndef HEDDLE_CHECKERS_EXPLORER_PROGRAMS_HARNESS_H_
#define HEDDLE_CHECKERS_EXPLORER_PROGRAMS_HARNESS_H_

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 8

#define LOAD(variable, order) atomic_load_explicit(&(variable), memory_order_##order)
#define STORE(variable, value, order) \
  atomic_store_explicit(&(variable), value, memory_order_##order)
#define ADD(variable, value, order) \
  atomic_fetch_add_explicit(&(variable), value, memory_order_##order)
#define EXCHANGE(variable, value, order) \
  atomic_exchange_explicit(&(variable), value, memory_order_##order)
// `expected` is a pointer.
#define CAS(variable, expected, value, success, failure)                                        \
  atomic_compare_exchange_strong_explicit(&(variable), expected, value, memory_order_##success, \
                                          memory_order_##failure)
#define FENCE(order) atomic_thread_fence(memory_order_##order)

typedef void* Body(void*);

// Runs body(0) .. body(n - 1), each in a thread of its own, to their ends.
static inline void RunThreads(int n, Body* const bodies[]) {
  pthread_t threads[MOST_THREADS];
  for (intptr_t i = 0; i < n; ++i) pthread_create(&threads[i], NULL, bodies[i], (void*)i);
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
}

static inline void RunSame(int n, Body* body) {
  Body* bodies[MOST_THREADS];
  for (int i = 0; i < n; ++i) bodies[i] = body;
  RunThreads(n, bodies);
}

// Takes both locks, or gives back the first one. A function, so that the first turn of
// a loop around it is at the same instructions as the others: where the compiler peels it off, it
// takes a turn more to come back to where the thread has been.
static __attribute__((noinline, unused)) bool TryBoth(pthread_mutex_t* first,
                                                      pthread_mutex_t* second) {
  pthread_mutex_lock(first);
  if (pthread_mutex_trylock(second) == 0) return true;
  pthread_mutex_unlock(first);
  return false;
}

// One of the programs of a file, chosen by its first argument; the second is a number.
typedef struct {
  const char* name;
  void (*run)(int n);
} Program;

static inline int RunChosen(int argc, char** argv, const Program* programs, size_t count) {
  const int n = argc > 2 ? atoi(argv[2]) : 2;
  if (n >= 0 && n <= MOST_THREADS && argc > 1) {
    for (size_t i = 0; i < count; ++i) {
      if (strcmp(argv[1], programs[i].name) != 0) continue;
      programs[i].run(n);
      return 0;
    }
  }
  fprintf(stderr, "usage: %s NAME [N]\n", argv[0]);
  for (size_t i = 0; i < count; ++i) fprintf(stderr, "  %s\n", programs[i].name);
  return 2;
}

#endif  // HEDDLE_CHECKERS_EXPLORER_PROGRAMS_HARNESS_H_
