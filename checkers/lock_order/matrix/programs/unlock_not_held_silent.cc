// SPDX-License-Identifier: Apache-2.0
//
// A mutex is locked and unlocked twice.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void LockTwice() {
  for (int i = 0; i < 2; ++i) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}

}  // namespace

int main() {
  std::thread first([] { LockTwice(); });
  first.join();
}
