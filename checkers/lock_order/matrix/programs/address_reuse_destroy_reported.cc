// SPDX-License-Identifier: Apache-2.0
//
// Destroyed and initialised before both orders.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t x = PTHREAD_MUTEX_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void NewX() {
  pthread_mutex_destroy(&x);
  pthread_mutex_init(&x, nullptr);
}

void XThenA() {
  pthread_mutex_lock(&x);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&x);
}

void AThenX() {
  pthread_mutex_lock(&a);
  pthread_mutex_lock(&x);
  pthread_mutex_unlock(&x);
  pthread_mutex_unlock(&a);
}

}  // namespace

int main() {
  std::thread first([] {
    NewX();
    turn = 2;
    AwaitTurn(3);
    AThenX();
  });
  std::thread second([] {
    AwaitTurn(2);
    XThenA();
    turn = 3;
  });
  first.join();
  second.join();
}
