// SPDX-License-Identifier: Apache-2.0
//
// C11 timed mutexes in the same order.

#include <stdatomic.h>
#include <stddef.h>
#include <threads.h>
#include <time.h>

static mtx_t a;
static mtx_t b;
static struct timespec deadline;
static atomic_int turn = 1;

static int First(void* unused) {
  (void)unused;
  mtx_timedlock(&a, &deadline);
  mtx_timedlock(&b, &deadline);
  mtx_unlock(&b);
  mtx_unlock(&a);
  turn = 2;
  return 0;
}

static int Second(void* unused) {
  (void)unused;
  while (turn != 2) thrd_yield();
  mtx_timedlock(&a, &deadline);
  mtx_timedlock(&b, &deadline);
  mtx_unlock(&b);
  mtx_unlock(&a);
  return 0;
}

int main(void) {
  thrd_t first;
  thrd_t second;
  mtx_init(&a, mtx_timed);
  mtx_init(&b, mtx_timed);
  timespec_get(&deadline, TIME_UTC);
  deadline.tv_sec += 5;
  thrd_create(&first, First, NULL);
  thrd_create(&second, Second, NULL);
  thrd_join(first, NULL);
  thrd_join(second, NULL);
  mtx_destroy(&a);
  mtx_destroy(&b);
  return 0;
}
