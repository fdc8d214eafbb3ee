// SPDX-License-Identifier: Apache-2.0
//
// A thread ends by pthread_exit() after it has released its mutex.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void HoldAndRelease() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_exit(nullptr);
}

}  // namespace

int main() {
  std::thread first([] { HoldAndRelease(); });
  first.join();
}
