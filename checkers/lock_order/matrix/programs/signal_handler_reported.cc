// SPDX-License-Identifier: Apache-2.0
//
// A handler takes a mutex that is also taken while the signal can arrive.
#include <pthread.h>
#include <signal.h>

#include <csignal>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void Handle(int) {
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
}

}  // namespace

int main() {
  struct sigaction action{};
  action.sa_handler = Handle;
  sigaction(SIGUSR1, &action, nullptr);
  std::raise(SIGUSR1);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
}
