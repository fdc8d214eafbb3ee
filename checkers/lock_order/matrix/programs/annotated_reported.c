// SPDX-License-Identifier: Apache-2.0
//
// Spin locks of the program's own, announced by the C annotations, in opposite orders.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "checkers/lock_order/heddle_lock_order.h"

typedef struct {
  atomic_flag taken;
} Spin;

static Spin a = {ATOMIC_FLAG_INIT};
static Spin b = {ATOMIC_FLAG_INIT};
static atomic_int turn = 1;

static void Lock(Spin* spin) {
  heddle_lock_acquiring(spin, HEDDLE_LOCK_EXCLUSIVE);
  while (atomic_flag_test_and_set(&spin->taken)) sched_yield();
  heddle_lock_acquired(spin, HEDDLE_LOCK_EXCLUSIVE);
}

static void Unlock(Spin* spin) {
  heddle_lock_released(spin);
  atomic_flag_clear(&spin->taken);
}

static void Nest(Spin* outer, Spin* inner) {
  Lock(outer);
  Lock(inner);
  Unlock(inner);
  Unlock(outer);
}

static void* First(void* unused) {
  (void)unused;
  Nest(&a, &b);
  turn = 2;
  return NULL;
}

static void* Second(void* unused) {
  (void)unused;
  while (turn != 2) sched_yield();
  Nest(&b, &a);
  return NULL;
}

int main(void) {
  pthread_t first;
  pthread_t second;
  pthread_create(&first, NULL, First, NULL);
  pthread_create(&second, NULL, Second, NULL);
  pthread_join(first, NULL);
  pthread_join(second, NULL);
  return 0;
}
