// SPDX-License-Identifier: Apache-2.0
//
// C11 mutexes, taken by C11 threads in the same order.

#include <stdatomic.h>
#include <stddef.h>
#include <threads.h>

static mtx_t a;
static mtx_t b;
static atomic_int turn = 1;

static int First(void* unused) {
  (void)unused;
  mtx_lock(&a);
  mtx_lock(&b);
  mtx_unlock(&b);
  mtx_unlock(&a);
  turn = 2;
  return 0;
}

static int Second(void* unused) {
  (void)unused;
  while (turn != 2) thrd_yield();
  mtx_lock(&a);
  mtx_lock(&b);
  mtx_unlock(&b);
  mtx_unlock(&a);
  return 0;
}

int main(void) {
  thrd_t first;
  thrd_t second;
  mtx_init(&a, mtx_plain);
  mtx_init(&b, mtx_plain);
  thrd_create(&first, First, NULL);
  thrd_create(&second, Second, NULL);
  thrd_join(first, NULL);
  thrd_join(second, NULL);
  mtx_destroy(&a);
  mtx_destroy(&b);
  return 0;
}
