// SPDX-License-Identifier: Apache-2.0
//
// A ring between two threads in plain C11. One memory order is too weak:
//
//   ./heddle explore examples/plain_program/spsc_ring.c
//
// It runs for years on x86, where the processor orders stores by itself.
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

enum { kCells = 2, kValues = 3 };

static int cells[kCells];
static atomic_uint written;
static atomic_uint taken;

#ifdef FIXED
#define PUBLISH memory_order_release
#else
#define PUBLISH memory_order_relaxed
#endif

static void* Produce(void* unused) {
  (void)unused;
  for (unsigned i = 0; i < kValues; ++i) {
    while (i - atomic_load_explicit(&taken, memory_order_acquire) == kCells) {
    }
    cells[i % kCells] = (int)i + 1;
    atomic_store_explicit(&written, i + 1, PUBLISH);
  }
  return NULL;
}

int main(void) {
  pthread_t producer;
  pthread_create(&producer, NULL, Produce, NULL);
  for (unsigned i = 0; i < kValues; ++i) {
    while (atomic_load_explicit(&written, memory_order_acquire) == i) {
    }
    assert(cells[i % kCells] == (int)i + 1);
    atomic_store_explicit(&taken, i + 1, memory_order_release);
  }
  pthread_join(producer, NULL);
  return 0;
}
