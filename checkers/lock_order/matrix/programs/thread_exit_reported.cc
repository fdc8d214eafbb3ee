// SPDX-License-Identifier: Apache-2.0
//
// A thread ends while it holds a mutex: nobody will ever release it.
#include <pthread.h>

#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void Hold() { pthread_mutex_lock(&mutex); }

}  // namespace

int main() {
  std::thread first([] { Hold(); });
  first.join();
}
