// SPDX-License-Identifier: Apache-2.0
//
// A condition variable is used with one mutex, and when nobody waits any more with another one.
#include <pthread.h>

#include <thread>

namespace {

pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;

void WaitOnce(pthread_mutex_t* mutex) {
  bool waits = false;
  bool is_ready = false;
  std::thread waiter([&] {
    pthread_mutex_lock(mutex);
    waits = true;
    while (!is_ready) pthread_cond_wait(&ready, mutex);
    pthread_mutex_unlock(mutex);
  });
  while (true) {
    pthread_mutex_lock(mutex);
    if (waits) break;
    pthread_mutex_unlock(mutex);
    std::this_thread::yield();
  }
  is_ready = true;
  pthread_cond_signal(&ready);
  pthread_mutex_unlock(mutex);
  waiter.join();
}

}  // namespace

int main() {
  WaitOnce(&first);
  WaitOnce(&second);
}
