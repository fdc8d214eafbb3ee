// SPDX-License-Identifier: Apache-2.0
//
// Loops around modelled functions. Some have turns that differ in nothing but a register that a
// call keeps for its caller: the explorer must not take them for one that changes nothing. Each
// number of turns from 0 to kMost can be left over; the program's argument is one that must not be.
#include "checkers/explorer/programs/harness.h"

#ifndef __x86_64__
#error "these loops are written for x86-64"
#endif

// int Attempts(pthread_mutex_t* mutex, int most): tries to lock it, at most so many times; how many
// attempts were left when it had it, 0: it has it not. They are counted in rbx.
int Attempts(pthread_mutex_t* mutex, int most);
// int Rounds(pthread_mutex_t* mutex, const int* flag, int most): looks at the flag under the lock
// until it is set, at most so many times, counted in r14; how many were left.
int Rounds(pthread_mutex_t* mutex, const int* flag, int most);

__asm__(
    "  .text\n"
    "  .globl Attempts\n"
    "  .type Attempts, @function\n"
    "Attempts:\n"
    "  .cfi_startproc\n"
    "  pushq %rbx\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  .cfi_rel_offset %rbx, 0\n"
    "  pushq %r12\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  .cfi_rel_offset %r12, 0\n"
    "  subq $8, %rsp\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  movq %rdi, %r12\n"
    "  movl %esi, %ebx\n"
    "1:\n"
    "  movq %r12, %rdi\n"
    "  call pthread_mutex_trylock@PLT\n"
    "  testl %eax, %eax\n"
    "  je 2f\n"
    "  subl $1, %ebx\n"
    "  jne 1b\n"
    "2:\n"
    "  movl %ebx, %eax\n"
    "  addq $8, %rsp\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  popq %r12\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  popq %rbx\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  ret\n"
    "  .cfi_endproc\n"
    "  .size Attempts, .-Attempts\n"
    "  .globl Rounds\n"
    "  .type Rounds, @function\n"
    "Rounds:\n"
    "  .cfi_startproc\n"
    "  pushq %r14\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  .cfi_rel_offset %r14, 0\n"
    "  pushq %r12\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  .cfi_rel_offset %r12, 0\n"
    "  pushq %r13\n"
    "  .cfi_adjust_cfa_offset 8\n"
    "  .cfi_rel_offset %r13, 0\n"
    "  movq %rdi, %r12\n"
    "  movq %rsi, %r13\n"
    "  movl %edx, %r14d\n"
    "1:\n"
    "  movq %r12, %rdi\n"
    "  call pthread_mutex_lock@PLT\n"
    "  movq %r13, %rdi\n"
    "  call __tsan_read4@PLT\n"
    "  cmpl $0, (%r13)\n"
    "  jne 2f\n"
    "  movq %r12, %rdi\n"
    "  call pthread_mutex_unlock@PLT\n"
    "  subl $1, %r14d\n"
    "  jne 1b\n"
    "  jmp 3f\n"
    "2:\n"
    "  movq %r12, %rdi\n"
    "  call pthread_mutex_unlock@PLT\n"
    "3:\n"
    "  movl %r14d, %eax\n"
    "  popq %r13\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  popq %r12\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  popq %r14\n"
    "  .cfi_adjust_cfa_offset -8\n"
    "  ret\n"
    "  .cfi_endproc\n"
    "  .size Rounds, .-Rounds\n");

enum { kMost = 3 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int flag;
static int left_over;

static void* SetBody(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  flag = 1;
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void* AttemptBody(void* unused) {
  (void)unused;
  left_over = Attempts(&mutex, kMost);
  if (left_over != 0) pthread_mutex_unlock(&mutex);
  return NULL;
}
static void Attempt(int n) {
  Body* const bodies[] = {AttemptBody, SetBody};
  RunThreads(2, bodies);
  assert(left_over != n);
}

static void* RoundBody(void* unused) {
  (void)unused;
  left_over = Rounds(&mutex, &flag, kMost);
  return NULL;
}
static void Round(int n) {
  Body* const bodies[] = {RoundBody, SetBody};
  RunThreads(2, bodies);
  assert(left_over != n);
}

// Takes and gives back the lock until it finds the flag set; another thread looks, three times,
// whether the lock is free. Each of the eight answers is possible.
static int seen_taken;

static void* PollBody(void* unused) {
  (void)unused;
  bool set = false;
  while (!set) {
    pthread_mutex_lock(&mutex);
    set = flag != 0;
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}
static void* LookBody(void* unused) {
  (void)unused;
  for (int i = 0; i < 3; ++i) {
    if (pthread_mutex_trylock(&mutex) == 0) {
      pthread_mutex_unlock(&mutex);
    } else {
      seen_taken |= 1 << i;
    }
  }
  return SetBody(NULL);
}
static void Polled(int n) {
  Body* const bodies[] = {PollBody, LookBody};
  RunThreads(2, bodies);
  assert(seen_taken != n);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"attempts", Attempt},
      {"rounds", Round},
      {"polled", Polled},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
