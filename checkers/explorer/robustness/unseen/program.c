// SPDX-License-Identifier: Apache-2.0
//
// Two threads that touch a shared variable, in a way that CASE chooses: most of them are not seen
// by the instrumentation.
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "checkers/explorer/robustness/unseen/foreign.h"

#define LOCKED 1
#define EXCHANGE 2
#define FENCE 3
#define SYSTEM_CALL 4
#define WITHOUT_UNWINDING 5
#define FOREIGN 6
#define HARMLESS 7

static atomic_int shared;

#if CASE == WITHOUT_UNWINDING
void Bare(atomic_int* number);
__asm__(
    ".text\n"
    "nop\n"
    ".globl Bare\n"
    ".type Bare, @function\n"
    "Bare: lock incl (%rdi)\n"
    "ret\n"
    ".size Bare, .-Bare\n");
#endif

static void* Touch(void* unused) {
#if CASE == LOCKED
  __asm__ volatile("lock incl %0" : "+m"(shared));
#elif CASE == EXCHANGE
  int one = 1;
  __asm__ volatile("xchgl %0, %1" : "+r"(one), "+m"(shared));
#elif CASE == FENCE
  atomic_fetch_add(&shared, 1);
  __asm__ volatile("mfence" ::: "memory");
#elif CASE == SYSTEM_CALL
  long result = 39;  // getpid()
  __asm__ volatile("syscall" : "+a"(result)::"rcx", "r11", "memory");
  atomic_fetch_add(&shared, result > 0);
#elif CASE == WITHOUT_UNWINDING
  Bare(&shared);
#elif CASE == FOREIGN
  ForeignTouch((int*)&shared);
#else
  // Nothing that another thread could see, or that orders anything. The immediate is not an
  // instruction, though its bytes could be one.
  unsigned low = 0;
  unsigned high = 0xf0f0f0f0;
  __asm__ volatile("nop; pause; lfence; rdtsc; xchgl %0, %1; movl $0x050f87f0, %0"
                   : "+a"(low), "+d"(high)::"memory");
  atomic_fetch_add(&shared, ForeignSum(low, 1) - low);
#endif
  return unused;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) pthread_create(&threads[i], 0, Touch, 0);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], 0);
#if CASE != EXCHANGE
  assert(shared == 2);
#endif
  return 0;
}
