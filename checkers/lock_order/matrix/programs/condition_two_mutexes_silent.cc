// SPDX-License-Identifier: Apache-2.0
//
// Two threads wait at one condition variable with the same mutex.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t n = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
std::atomic<int> waiting{0};
std::atomic<bool> go{false};

void Wait(pthread_mutex_t* mutex) {
  pthread_mutex_lock(mutex);
  ++waiting;
  while (!go) pthread_cond_wait(&condition, mutex);
  pthread_mutex_unlock(mutex);
}

}  // namespace

int main() {
  std::thread first([] { Wait(&m); });
  std::thread second([] { Wait(&m); });
  while (waiting != 2) std::this_thread::yield();
  // Whoever holds its mutex here has begun to wait before, and sees the flag or the broadcast.
  for (pthread_mutex_t* mutex : {&m, &n}) {
    pthread_mutex_lock(mutex);
    go = true;
    pthread_mutex_unlock(mutex);
  }
  pthread_cond_broadcast(&condition);
  first.join();
  second.join();
}
