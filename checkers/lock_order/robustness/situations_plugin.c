// SPDX-License-Identifier: Apache-2.0
// A library that locks when it is loaded, when it is unloaded, and when it is asked to.
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static int nested;

__attribute__((weak)) void situations_wait_for_the_mutex(void);

__attribute__((visibility("default"))) int plugin_nest(void) {
  pthread_mutex_lock(&outer);
  pthread_mutex_lock(&inner);
  const int count = ++nested;
  pthread_mutex_unlock(&inner);
  pthread_mutex_unlock(&outer);
  return count;
}

__attribute__((constructor)) static void loaded(void) {
  plugin_nest();
  if (getenv("PLUGIN_WAITS") != NULL && situations_wait_for_the_mutex) {
    situations_wait_for_the_mutex();
  }
}
__attribute__((destructor)) static void unloaded(void) { plugin_nest(); }
