// SPDX-License-Identifier: Apache-2.0
//
// The mutex at the address was destroyed and initialised between the orders.
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

void AThenX() {
  pthread_mutex_lock(&a);
  pthread_mutex_lock(&x);
  pthread_mutex_unlock(&x);
  pthread_mutex_unlock(&a);
}

void NewXThenA() {
  pthread_mutex_destroy(&x);
  pthread_mutex_init(&x, nullptr);
  pthread_mutex_lock(&x);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_mutex_unlock(&x);
}

}  // namespace

int main() {
  std::thread first([] {
    AThenX();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    NewXThenA();
  });
  first.join();
  second.join();
}
