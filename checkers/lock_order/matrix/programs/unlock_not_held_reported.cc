// SPDX-License-Identifier: Apache-2.0
//
// A mutex that nobody holds is unlocked.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void UnlockTwice() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_mutex_unlock(&mutex);
}

}  // namespace

int main() {
  std::thread first([] { UnlockTwice(); });
  first.join();
}
