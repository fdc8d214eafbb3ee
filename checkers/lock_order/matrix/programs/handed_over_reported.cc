// SPDX-License-Identifier: Apache-2.0
//
// A thread releases a mutex that another one took.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Lock() { pthread_mutex_lock(&mutex); }

void Unlock() { pthread_mutex_unlock(&mutex); }

void Idle() {}

}  // namespace

int main() {
  std::thread first([] {
    Lock();
    turn = 2;
    AwaitTurn(3);
    Idle();
  });
  std::thread second([] {
    AwaitTurn(2);
    Unlock();
    turn = 3;
  });
  first.join();
  second.join();
}
