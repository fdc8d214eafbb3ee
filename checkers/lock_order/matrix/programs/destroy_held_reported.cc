// SPDX-License-Identifier: Apache-2.0
//
// A mutex is destroyed while it is held.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void DestroyHeld() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_destroy(&mutex);
  pthread_mutex_unlock(&mutex);
}

}  // namespace

int main() {
  std::thread first([] { DestroyHeld(); });
  first.join();
}
