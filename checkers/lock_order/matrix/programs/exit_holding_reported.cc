// SPDX-License-Identifier: Apache-2.0
//
// A program calls exit() while it holds a mutex that a function registered with atexit() takes, and
// hangs.
#include <pthread.h>

#include <cstdlib>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void AtExit() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
}

}  // namespace

int main() {
  std::atexit(AtExit);
  pthread_mutex_lock(&mutex);
  std::exit(0);
}
