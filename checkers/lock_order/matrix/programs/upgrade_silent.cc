// SPDX-License-Identifier: Apache-2.0
//
// A thread releases a rwlock that it read before it writes it.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void ReadThenWrite() {
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_unlock(&lock);
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
}

void Write() {
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
}

}  // namespace

int main() {
  std::thread first([] {
    ReadThenWrite();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Write();
  });
  first.join();
  second.join();
}
