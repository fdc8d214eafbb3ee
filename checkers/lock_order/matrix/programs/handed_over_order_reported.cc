// SPDX-License-Identifier: Apache-2.0
//
// A mutex that another thread has released is not held any more: the handing over is reported, a
// cycle with it is not.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void LockA() { pthread_mutex_lock(&a); }

void UnlockA() { pthread_mutex_unlock(&a); }

void LockB() {
  pthread_mutex_lock(&b);
  pthread_mutex_unlock(&b);
}

void BThenA() {
  pthread_mutex_lock(&b);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&b);
}

}  // namespace

int main() {
  std::thread first([] {
    LockA();
    turn = 2;
    AwaitTurn(3);
    LockB();
    turn = 4;
  });
  std::thread second([] {
    AwaitTurn(2);
    UnlockA();
    turn = 3;
    AwaitTurn(4);
    BThenA();
  });
  first.join();
  second.join();
}
