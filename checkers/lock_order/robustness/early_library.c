// SPDX-License-Identifier: Apache-2.0
// Preloaded: locks in its constructor, in two threads and in both orders, one after the other.
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t two = PTHREAD_MUTEX_INITIALIZER;

static void* nest(void* backwards) {
  pthread_mutex_lock(backwards ? &two : &one);
  pthread_mutex_lock(backwards ? &one : &two);
  pthread_mutex_unlock(backwards ? &one : &two);
  pthread_mutex_unlock(backwards ? &two : &one);
  return NULL;
}

__attribute__((constructor)) static void loaded(void) {
  static const char text[] = "early\n";
  pthread_t thread;
  if (pthread_create(&thread, NULL, nest, &thread) != 0) return;
  pthread_join(thread, NULL);
  nest(NULL);
  (void)!write(STDOUT_FILENO, text, sizeof text - 1);
}
