// SPDX-License-Identifier: Apache-2.0
//
// A rwlock at the address was destroyed and initialised between the orders.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t x = PTHREAD_RWLOCK_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void AThenX() {
  pthread_mutex_lock(&a);
  pthread_rwlock_wrlock(&x);
  pthread_rwlock_unlock(&x);
  pthread_mutex_unlock(&a);
}

void NewXThenA() {
  pthread_rwlock_destroy(&x);
  pthread_rwlock_init(&x, nullptr);
  pthread_rwlock_wrlock(&x);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_rwlock_unlock(&x);
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
