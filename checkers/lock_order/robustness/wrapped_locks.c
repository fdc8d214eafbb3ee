// SPDX-License-Identifier: Apache-2.0
//
// A program's own lock functions in front of everybody else's: they end the process when one is
// called inside another, and forbid allocation meanwhile.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void locking_malloc_forbid(int on);

static __thread int inside;
static int resolving;

static void enter(void) {
  static const char text[] = "a call of the program's from inside a lock call\n";
  if (inside != 0) {
    inside = 0;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    abort();
  }
  inside = 1;
  locking_malloc_forbid(1);
}
static void leave(void) {
  locking_malloc_forbid(0);
  inside = 0;
}

// The look-up allocates: meanwhile, alone as the program is then, nothing is locked.
#define WRAP(name, type)                         \
  int name(type* lock) {                         \
    static int (*next)(type*);                   \
    if (next == NULL) {                          \
      if (resolving) return 0;                   \
      resolving = 1;                             \
      void* found = dlsym(RTLD_NEXT, #name);     \
      memcpy((void*)&next, &found, sizeof next); \
      resolving = 0;                             \
    }                                            \
    enter();                                     \
    const int result = next(lock);               \
    leave();                                     \
    return result;                               \
  }

WRAP(pthread_mutex_lock, pthread_mutex_t)
WRAP(pthread_mutex_trylock, pthread_mutex_t)
WRAP(pthread_mutex_unlock, pthread_mutex_t)
WRAP(pthread_rwlock_rdlock, pthread_rwlock_t)
WRAP(pthread_rwlock_wrlock, pthread_rwlock_t)
WRAP(pthread_rwlock_unlock, pthread_rwlock_t)

// Takes the loader's lock.
int dl_iterate_phdr(int (*callback)(struct dl_phdr_info*, size_t, void*), void* data) {
  static int (*next)(int (*)(struct dl_phdr_info*, size_t, void*), void*);
  if (inside != 0) enter();
  if (next == NULL) {
    void* found = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    memcpy((void*)&next, &found, sizeof next);
  }
  return next(callback, data);
}
