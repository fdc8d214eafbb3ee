// SPDX-License-Identifier: Apache-2.0
//
// A thread tries to write a rwlock that it holds to read, and does not wait.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void TryUpgrade() {
  pthread_rwlock_rdlock(&lock);
  if (pthread_rwlock_trywrlock(&lock) == 0) pthread_rwlock_unlock(&lock);
  pthread_rwlock_unlock(&lock);
}

void Write() {
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
}

}  // namespace

int main() {
  std::thread first([] {
    TryUpgrade();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Write();
  });
  first.join();
  second.join();
}
