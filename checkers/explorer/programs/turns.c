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

// Claims a word. Where it finds another value than it has read it tries again with that; but a
// closed word it leaves, and tells what it took the word for. That can be what it has read first,
// though another thread has changed that before the word was closed.
static _Atomic(int) word;
static int changed_from;
static int took_for;

enum { kClosed = 5, kClaimed = 10 };

static void* ClaimBody(void* unused) {
  (void)unused;
  int old = LOAD(word, relaxed);
  for (;;) {
    int now = old;
    if (CAS(word, &now, kClaimed, relaxed, relaxed)) return NULL;
    if (now == kClosed) break;
    old = now;
  }
  took_for = old;
  return NULL;
}
static void* ChangeBody(void* unused) {
  (void)unused;
  changed_from = ADD(word, 1, relaxed);
  return NULL;
}
static void* CloseBody(void* unused) {
  (void)unused;
  STORE(word, kClosed, relaxed);
  return NULL;
}
static void Claim(int n) {
  Body* const bodies[] = {ChangeBody, ClaimBody, CloseBody};
  took_for = -1;
  RunThreads(3, bodies);
  assert(n != 0 || took_for != 0 || changed_from != 0);
}

// Two threads that take two locks in different orders, and give back the one that they have where
// they fail to take the other; meanwhile a third one looks, as above, whether the second lock is
// free.
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;

// Who does not get both begins with the other one next, as std::lock does.
static void TakeBoth(pthread_mutex_t* first, pthread_mutex_t* second) {
  while (!TryBoth(first, second)) {
    pthread_mutex_t* const failed = second;
    second = first;
    first = failed;
  }
  pthread_mutex_unlock(&mutex);
  pthread_mutex_unlock(&other);
}
static void* OtherFirstBody(void* unused) {
  (void)unused;
  TakeBoth(&other, &mutex);
  return NULL;
}
static void* OtherLastBody(void* unused) {
  (void)unused;
  TakeBoth(&mutex, &other);
  return NULL;
}
static void Crossed(int n) {
  Body* const bodies[] = {OtherFirstBody, OtherLastBody, LookBody};
  RunThreads(3, bodies);
  assert(seen_taken != n);
}
// Without the third.
static void BackOff(int n) {
  (void)n;
  Body* const bodies[] = {OtherFirstBody, OtherLastBody};
  RunThreads(2, bodies);
}
// Take both locks again and again, until a flag is set that nobody sets.
static void* OtherFirstAgain(void* unused) {
  do {
    OtherFirstBody(NULL);
  } while (flag == 0);
  return unused;
}
static void* OtherLastAgain(void* unused) {
  do {
    OtherLastBody(NULL);
  } while (flag == 0);
  return unused;
}
static void ForEver(int n) {
  (void)n;
  Body* const bodies[] = {OtherFirstAgain, OtherLastAgain};
  RunThreads(2, bodies);
}
// Neither gives back the lock that it has.
static void* OtherFirstKept(void* unused) {
  pthread_mutex_lock(&other);
  while (pthread_mutex_trylock(&mutex) != 0) {
  }
  pthread_mutex_unlock(&mutex);
  pthread_mutex_unlock(&other);
  return unused;
}
static void Kept(int n) {
  (void)n;
  Body* const bodies[] = {OtherFirstKept, OtherLastBody};
  RunThreads(2, bodies);
}
static void* OtherLastKept(void* unused) {
  pthread_mutex_lock(&mutex);
  pthread_mutex_lock(&other);
  pthread_mutex_unlock(&mutex);
  pthread_mutex_unlock(&other);
  return unused;
}
static void BothKept(int n) {
  (void)n;
  Body* const bodies[] = {OtherFirstKept, OtherLastKept};
  RunThreads(2, bodies);
}

// Takes one lock and then the other, again and again. Another thread finds the second one taken and
// then the first one: in the turn after, where what it looks at is ordered.
static bool fenced;

static __attribute__((noinline)) bool OneThenOther(void) {
  if (LOAD(word, relaxed) != 0) return false;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  if (fenced) FENCE(seq_cst);
  pthread_mutex_lock(&other);
  pthread_mutex_unlock(&other);
  return true;
}
static void* OneThenOtherBody(void* unused) {
  while (OneThenOther()) {
  }
  return unused;
}
static bool IsTaken(pthread_mutex_t* lock) {
  if (pthread_mutex_trylock(lock) != 0) return true;
  pthread_mutex_unlock(lock);
  return false;
}
static void* LookBackBody(void* unused) {
  (void)unused;
  seen_taken = IsTaken(&other);
  if (fenced) FENCE(seq_cst);
  seen_taken += IsTaken(&mutex);
  STORE(word, kClosed, relaxed);
  return NULL;
}
static void LookBack(int n) {
  fenced = n != 0;
  Body* const bodies[] = {OneThenOtherBody, LookBackBody};
  RunThreads(2, bodies);
  assert(seen_taken != 2);
}

// Counts how long it waits. Executions with more turns than are run are cut, the others are not.
static void* CountTurnsBody(void* unused) {
  (void)unused;
  int turns = 0;
  while (LOAD(word, relaxed) == 0) ++turns;
  took_for = turns;
  return NULL;
}
static void Late(int n) {
  Body* const bodies[] = {CountTurnsBody, CloseBody};
  RunThreads(2, bodies);
  assert(took_for != n);
}

// Goes round until two words differ, and leaves traces of each turn that the next one writes over.
// n: how many threads there are; the second one makes them differ for a while, or not seen to.
static _Atomic(int) twin;

static void* DifferBody(void* unused) {
  for (;;) {
    const int one = LOAD(word, relaxed);
    const int another = LOAD(twin, relaxed);
    if (one != another) return unused;
  }
}
static void* SetBothBody(void* unused) {
  STORE(word, 1, release);
  STORE(twin, 1, release);
  return unused;
}
static void Traces(int n) {
  Body* const bodies[] = {DifferBody, SetBothBody};
  RunThreads(n, bodies);
}
// Remembers what the last two turns have found.
static void* RememberBody(void* unused) {
  int last = 0;
  int before = 0;
  while (LOAD(word, relaxed) != kClosed) {
    before = last;
    last = 1 + LOAD(twin, relaxed);
  }
  took_for = 3 * before + last;
  return unused;
}
static void* SetTwinAndCloseBody(void* unused) {
  STORE(twin, 1, relaxed);
  STORE(word, kClosed, relaxed);
  return unused;
}
static void Remembered(int n) {
  Body* const bodies[] = {RememberBody, SetTwinAndCloseBody};
  RunThreads(2, bodies);
  assert(took_for != n);
}
// What it reads at first it acquires, what it reads in the loop it does not: a race.
static __attribute__((noinline)) int Twin(void) { return LOAD(twin, relaxed); }
static void* AcquireOnceBody(void* unused) {
  int one = LOAD(word, acquire);
  while (Twin() != one) one = LOAD(word, relaxed);
  if (one == 1) took_for = changed_from;
  return unused;
}
static void* PublishBody(void* unused) {
  changed_from = 1;
  STORE(word, 1, release);
  STORE(twin, 1, relaxed);
  return unused;
}
static void AcquiredOnce(int n) {
  (void)n;
  STORE(twin, 2, relaxed);
  Body* const bodies[] = {AcquireOnceBody, PublishBody};
  RunThreads(2, bodies);
}

// Between two reads and a compare-exchange of a word it tries to take a lock.
static void* TryBetweenBody(void* unused) {
  for (;;) {
    int first = LOAD(word, seq_cst);
    changed_from = LOAD(word, relaxed);
    if (pthread_mutex_trylock(&mutex) == 0) {
      ++flag;
      pthread_mutex_unlock(&mutex);
    }
    if (CAS(word, &first, 1, relaxed, acquire)) return unused;
  }
}
static void* LockAndAddBody(void* unused) {
  pthread_mutex_lock(&mutex);
  ++flag;
  pthread_mutex_unlock(&mutex);
  ADD(word, 1, relaxed);
  return unused;
}
static void* AddAndStoreBody(void* unused) {
  ADD(word, 1, relaxed);
  STORE(word, 1, relaxed);
  return unused;
}
static void TryBetween(int n) {
  Body* const bodies[] = {TryBetweenBody, LockAndAddBody, AddAndStoreBody};
  RunThreads(n, bodies);
}

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"attempts", Attempt},
      {"rounds", Round},
      {"polled", Polled},
      {"claim", Claim},
      {"crossed", Crossed},
      {"back_off", BackOff},
      {"for_ever", ForEver},
      {"kept", Kept},
      {"both_kept", BothKept},
      {"late", Late},
      {"look_back", LookBack},
      {"try_between", TryBetween},
      {"traces", Traces},
      {"remembered", Remembered},
      {"acquired_once", AcquiredOnce},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
