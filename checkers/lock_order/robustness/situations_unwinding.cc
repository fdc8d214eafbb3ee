// SPDX-License-Identifier: Apache-2.0
// Locked regions that are left by other ways than their end.
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "checkers/lock_order/robustness/situations.h"

namespace heddle {
namespace {

TwoLocks locks;
TwoLocks others;

[[noreturn]] void jump_out(jmp_buf& where) {
  pthread_mutex_lock(&locks.outer);
  pthread_mutex_lock(&locks.inner);
  longjmp(where, 1);
}
// What is held stays held, and is given back elsewhere.
int longjmp_leaves() {
  for (int i = 0; i < 100; ++i) {
    jmp_buf where;
    if (setjmp(where) == 0) jump_out(where);
    others.nest();
    pthread_mutex_unlock(&locks.inner);
    pthread_mutex_unlock(&locks.outer);
  }
  std::printf("%d\n", others.nested);
  return 0;
}

sigjmp_buf from_handler;
void jump_from_handler(int) { siglongjmp(from_handler, 1); }
// Out of a signal handler that came while locks were held.
int siglongjmp_leaves() {
  signal(SIGUSR1, jump_from_handler);
  for (int i = 0; i < 100; ++i) {
    if (sigsetjmp(from_handler, 1) == 0) {
      pthread_mutex_lock(&locks.outer);
      raise(SIGUSR1);
    }
    others.nest();
    pthread_mutex_unlock(&locks.outer);
  }
  std::printf("%d\n", others.nested);
  return 0;
}

struct Guarded {
  std::mutex first;
  std::mutex second;
  void fail(int depth) {
    const std::lock_guard one(first);
    const std::lock_guard two(second);
    if (depth == 0) throw std::runtime_error("left");
    Guarded().fail(depth - 1);
  }
};
int exceptions_leave() {
  int caught = 0;
  for (int i = 0; i < 1000; ++i) {
    try {
      Guarded().fail(3);
    } catch (const std::runtime_error&) {
      others.nest();
      ++caught;
    }
  }
  std::printf("%d\n", caught);
  return 0;
}

// A routine of call_once that throws is run again.
int once_throws() {
  std::once_flag flag;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      std::call_once(flag, [&] {
        locks.nest();
        if (++runs < 3) throw std::runtime_error("again");
      });
    } catch (const std::runtime_error&) {
      others.nest();
    }
  }
  std::printf("%d %d\n", runs, others.nested);
  return 0;
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t never = PTHREAD_COND_INITIALIZER;
std::atomic<bool> waits;

void unlock_both(void*) {
  pthread_mutex_unlock(&mutex);
  pthread_mutex_unlock(&locks.outer);
}
void* wait_for_ever(void*) {
  pthread_mutex_lock(&locks.outer);
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock_both, nullptr);
  waits = true;
  while (true) pthread_cond_wait(&never, &mutex);
  pthread_cleanup_pop(1);
  return nullptr;
}
// Cancelled in a condition wait: the mutex is taken back before the cleanup handlers run.
int cancelled_waiting() {
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    waits = false;
    pthread_t thread{};
    pthread_create(&thread, nullptr, wait_for_ever, nullptr);
    while (!waits) std::this_thread::yield();
    pthread_mutex_lock(&mutex);  // it waits now
    pthread_mutex_unlock(&mutex);
    pthread_cancel(thread);
    void* result = nullptr;
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) ++cancelled;
    // Both are free.
    pthread_mutex_lock(&locks.outer);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_mutex_unlock(&locks.outer);
  }
  std::printf("%d\n", cancelled);
  return 0;
}

sem_t empty;
void* wait_for_a_post(void*) {
  pthread_mutex_lock(&locks.inner);
  pthread_mutex_unlock(&locks.inner);
  waits = true;
  sem_wait(&empty);
  return nullptr;
}
int cancelled_at_a_semaphore() {
  sem_init(&empty, 0, 0);
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    waits = false;
    pthread_t thread{};
    pthread_create(&thread, nullptr, wait_for_a_post, nullptr);
    while (!waits) std::this_thread::yield();
    pthread_cancel(thread);
    void* result = nullptr;
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) ++cancelled;
  }
  std::printf("%d\n", cancelled);
  return 0;
}

// Cancelled at any instruction: it computes, and holds nothing.
void* compute(void*) {
  int old = 0;
  locks.nest();
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
  waits = true;
  volatile unsigned long sum = 0;
  while (true) sum = sum + 1;
  return nullptr;
}
int cancelled_computing() {
  int cancelled = 0;
  for (int i = 0; i < 50; ++i) {
    waits = false;
    pthread_t thread{};
    pthread_create(&thread, nullptr, compute, nullptr);
    while (!waits) std::this_thread::yield();
    pthread_cancel(thread);
    void* result = nullptr;
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) ++cancelled;
  }
  std::printf("%d\n", cancelled);
  return 0;
}

constexpr Situation kAll[] = {
    {"longjmp_leaves", longjmp_leaves},
    {"siglongjmp_leaves", siglongjmp_leaves},
    {"exceptions_leave", exceptions_leave},
    {"once_throws", once_throws},
    {"cancelled_waiting", cancelled_waiting},
    {"cancelled_at_a_semaphore", cancelled_at_a_semaphore},
    {"cancelled_computing", cancelled_computing},
};

}  // namespace

const Situation* find_in_unwinding(const char* name) { return find_in(kAll, name); }

}  // namespace heddle
