// SPDX-License-Identifier: Apache-2.0
//
// Small programs in awkward places: each prints what it has to say on standard output and returns
// its exit status. What is printed is the same at every run.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_SITUATIONS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_SITUATIONS_H_

#include <pthread.h>

#include <cstddef>
#include <cstring>

namespace heddle {

struct Situation {
  const char* name;
  int (*run)();
};

// Two locks, nested.
struct TwoLocks {
  pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;

  void nest() {
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&inner);
    ++nested;
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
  }
  void nest_backwards() {
    pthread_mutex_lock(&inner);
    pthread_mutex_lock(&outer);
    ++nested;
    pthread_mutex_unlock(&outer);
    pthread_mutex_unlock(&inner);
  }
  int nested = 0;  // under both
};

// This program's own path. The libraries are beside it.
extern const char* g_program;

const Situation* find_in_loader(const char* name);
const Situation* find_in_processes(const char* name);
const Situation* find_in_threads(const char* name);
const Situation* find_in_unwinding(const char* name);

template <std::size_t kCount>
const Situation* find_in(const Situation (&all)[kCount], const char* name) {
  for (const Situation& situation : all) {
    if (std::strcmp(situation.name, name) == 0) return &situation;
  }
  return nullptr;
}

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_SITUATIONS_H_
