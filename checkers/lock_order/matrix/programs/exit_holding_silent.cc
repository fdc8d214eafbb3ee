// SPDX-License-Identifier: Apache-2.0
//
// A program exits while it holds a mutex that nobody wants any more.
#include <pthread.h>

#include <cstdlib>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;

void AtExit() {
  pthread_mutex_lock(&other);
  pthread_mutex_unlock(&other);
}

}  // namespace

int main() {
  std::atexit(AtExit);
  pthread_mutex_lock(&mutex);
  std::exit(0);
}
