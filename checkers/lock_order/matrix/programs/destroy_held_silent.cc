// SPDX-License-Identifier: Apache-2.0
//
// A mutex is destroyed after it was released.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void Destroy() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_mutex_destroy(&mutex);
}

}  // namespace

int main() {
  std::thread first([] { Destroy(); });
  first.join();
}
