// SPDX-License-Identifier: Apache-2.0
//
// A thread locks a normal mutex that it holds already, and hangs.
#include <pthread.h>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

}  // namespace

int main() {
  pthread_mutex_lock(&mutex);
  pthread_mutex_lock(&mutex);
}
