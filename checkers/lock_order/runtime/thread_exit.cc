// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/thread_exit.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "checkers/lock_order/runtime/recorder.h"

namespace heddle::lock_order {
namespace {

pthread_key_t g_key;
bool g_has_key;

// Other keys' destructors may still take locks: this one asks to be called again until the last
// round.
void thread_ends(void* value) {
  const auto round = reinterpret_cast<uintptr_t>(value);
  if (round < PTHREAD_DESTRUCTOR_ITERATIONS &&
      pthread_setspecific(g_key, reinterpret_cast<void*>(round + 1)) == 0) {
    return;
  }
  g_recorder.end_thread(t_self);
}

void process_ends(int status, void* unused) {
  (void)unused;
  // What stdio still holds would be written after this; the status is not ours to change without
  // it.
  if (g_recorder.exiting(status)) {
    fflush(nullptr);
    syscall(SYS_exit_group, static_cast<int>(g_recorder.options().exitcode));
  }
}

void fork_begins() { g_recorder.forking(t_self); }
void child_starts() { g_recorder.forked(t_self); }

}  // namespace

void install_thread_exit() {
  // glibc keeps the values of the first 32 keys in the thread itself; beyond, setting one
  // allocates.
  constexpr pthread_key_t kKeysWithoutAllocation = 32;
  g_has_key = pthread_key_create(&g_key, thread_ends) == 0;
  if (g_has_key && g_key >= kKeysWithoutAllocation) {
    pthread_key_delete(g_key);
    g_has_key = false;
  }
  on_exit(process_ends, nullptr);
  pthread_atfork(fork_begins, nullptr, child_starts);
}

void watch_thread_exit() {
  if (g_has_key) pthread_setspecific(g_key, reinterpret_cast<void*>(uintptr_t{1}));
}

}  // namespace heddle::lock_order
