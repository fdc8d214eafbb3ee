// SPDX-License-Identifier: Apache-2.0
//
// Programs whose needed memory orders are known, for weaken_test.cc. The first argument chooses.
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int x;
static atomic_int y;
static int data;
static int seen[2];

static void* Produce(void* unused) {
  data = 1;
  atomic_store(&x, 1);
  return unused;
}

static void* Consume(void* unused) {
  if (atomic_load(&x) == 1) assert(data == 1);
  return unused;
}

static void* First(void* unused) {
  atomic_store_explicit(&x, 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_seq_cst);
  seen[0] = atomic_load_explicit(&y, memory_order_relaxed);
  return unused;
}

static void* Second(void* unused) {
  atomic_store_explicit(&y, 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_seq_cst);
  seen[1] = atomic_load_explicit(&x, memory_order_relaxed);
  return unused;
}

static void* Count(void* unused) {
  atomic_fetch_add(&x, 1);
  return unused;
}

static void* Lock(void* unused) {
  int free = 0;
  if (atomic_compare_exchange_strong_explicit(&x, &free, 1, memory_order_acq_rel,
                                              memory_order_acquire)) {
    ++data;
    atomic_store_explicit(&x, 0, memory_order_release);
  }
  return unused;
}

// Either of the releases will do, but one there must be.
static void* Twice(void* unused) {
  data = 1;
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&x, 1, memory_order_release);
  return unused;
}

static void* Wrong(void* unused) {
  ++data;
  return unused;
}

static void Run(void* (*first)(void*), void* (*second)(void*)) {
  pthread_t threads[2];
  pthread_create(&threads[0], NULL, first, NULL);
  pthread_create(&threads[1], NULL, second, NULL);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
}

int main(int argc, char** argv) {
  const char* const which = argc > 1 ? argv[1] : "";
  if (strcmp(which, "message") == 0) {
    Run(Produce, Consume);
  } else if (strcmp(which, "buffers") == 0) {
    Run(First, Second);
    assert(seen[0] + seen[1] > 0);
  } else if (strcmp(which, "counter") == 0) {
    Run(Count, Count);
    assert(atomic_load_explicit(&x, memory_order_relaxed) == 2);
  } else if (strcmp(which, "lock") == 0) {
    Run(Lock, Lock);
  } else if (strcmp(which, "twice") == 0) {
    Run(Twice, Consume);
  } else if (strcmp(which, "wrong") == 0) {
    Run(Wrong, Wrong);
  } else {
    abort();
  }
  return 0;
}
