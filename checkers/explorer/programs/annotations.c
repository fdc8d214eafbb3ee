// SPDX-License-Identifier: Apache-2.0
//
// Programs that tell race detectors of themselves, as ThreadSanitizer's interface has it.
#include <stddef.h>
#include <stdint.h>

#include "checkers/explorer/programs/harness.h"

void AnnotateBenignRaceSized(const char* file, int line, const volatile void* address, size_t size,
                             const char* description);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
void AnnotateHappensBefore(const char* file, int line, const volatile void* address);
void AnnotateHappensAfter(const char* file, int line, const volatile void* address);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void __tsan_mutex_pre_lock(void* address, unsigned flags);
void __tsan_mutex_post_lock(void* address, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock(void* address, unsigned flags);
void __tsan_mutex_post_unlock(void* address, unsigned flags);
void* __tsan_create_fiber(unsigned flags);
uint32_t __sanitizer_unaligned_load32(const void* address);
void __sanitizer_unaligned_store32(void* address, uint32_t value);

static int counts[2];
static atomic_int turn;
static int mode;

// One count of the two is said to race for good: 0, none.
static void* Counts(void* unused) {
  (void)unused;
  if (mode != 0) AnnotateBenignRaceSized(__FILE__, __LINE__, &counts[0], sizeof counts[0], "");
  ++counts[mode == 2 ? 1 : 0];
  ADD(turn, 1, relaxed);
  return NULL;
}
static void Benign(int n) {
  mode = n;
  RunSame(2, Counts);
}

// 0: reads alone. 1: both. 2: and something behind that.
static void* CountsIgnored(void* unused) {
  (void)unused;
  if (mode != 0) AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  ++counts[0];
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  if (mode != 0) AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  if (mode == 2) ++counts[1];
  ADD(turn, 1, relaxed);
  return NULL;
}
static void Ignored(int n) {
  mode = n;
  RunSame(2, CountsIgnored);
}

// What is said to synchronize has to do so by itself: 0, it does not.
static atomic_int ready;
static void* Publish(void* unused) {
  (void)unused;
  counts[0] = 1;
  AnnotateHappensBefore(__FILE__, __LINE__, &ready);
  __tsan_release(&ready);
  if (mode == 0) {
    STORE(ready, 1, relaxed);
  } else {
    STORE(ready, 1, release);
  }
  return NULL;
}
static void* Take(void* unused) {
  (void)unused;
  if (LOAD(ready, acquire) == 0) return NULL;
  __tsan_acquire(&ready);
  AnnotateHappensAfter(__FILE__, __LINE__, &ready);
  assert(counts[0] == 1);
  return NULL;
}
static void Said(int n) {
  mode = n;
  RunThreads(2, (Body*[]){Publish, Take});
}

// A lock of the program's own: 0, that releases nothing.
static void* Locked(void* unused) {
  (void)unused;
  static atomic_int lock;
  __tsan_mutex_pre_lock(&lock, 0);
  while (EXCHANGE(lock, 1, acquire)) {
  }
  __tsan_mutex_post_lock(&lock, 0, 0);
  ++counts[0];
  __tsan_mutex_pre_unlock(&lock, 0);
  if (mode == 0) {
    STORE(lock, 0, relaxed);
  } else {
    STORE(lock, 0, release);
  }
  __tsan_mutex_post_unlock(&lock, 0);
  return NULL;
}
static void Mutex(int n) {
  mode = n;
  RunSame(2, Locked);
}

// Next to each other: 0, over each other.
static char bytes[12];
static void* StoreUnaligned(void* unused) {
  (void)unused;
  __sanitizer_unaligned_store32(bytes + 1, 5);
  return NULL;
}
static void* LoadUnaligned(void* unused) {
  (void)unused;
  assert(__sanitizer_unaligned_load32(bytes + (mode == 0 ? 4 : 5)) == 0);
  return NULL;
}
static void Unaligned(int n) {
  mode = n;
  RunThreads(2, (Body*[]){StoreUnaligned, LoadUnaligned});
}

static void Fiber(int n) { __tsan_create_fiber((unsigned)n); }

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"benign", Benign}, {"ignored", Ignored},     {"said", Said},
      {"mutex", Mutex},   {"unaligned", Unaligned}, {"fiber", Fiber},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
