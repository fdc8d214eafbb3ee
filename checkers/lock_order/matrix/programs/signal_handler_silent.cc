// SPDX-License-Identifier: Apache-2.0
//
// A handler takes a mutex that is otherwise taken with the signal blocked.
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
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}
