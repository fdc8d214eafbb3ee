// SPDX-License-Identifier: Apache-2.0
//
// pthread spin locks in opposite orders.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_spinlock_t a;
pthread_spinlock_t b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  pthread_spin_lock(&a);
  pthread_spin_lock(&b);
  pthread_spin_unlock(&b);
  pthread_spin_unlock(&a);
}

void Backward() {
  pthread_spin_lock(&b);
  pthread_spin_lock(&a);
  pthread_spin_unlock(&a);
  pthread_spin_unlock(&b);
}

}  // namespace

int main() {
  pthread_spin_init(&a, PTHREAD_PROCESS_PRIVATE);
  pthread_spin_init(&b, PTHREAD_PROCESS_PRIVATE);
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Backward();
  });
  first.join();
  second.join();
  pthread_spin_destroy(&a);
  pthread_spin_destroy(&b);
}
