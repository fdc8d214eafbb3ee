// SPDX-License-Identifier: Apache-2.0
//
// As short_lived_silent, with mutexes that are initialised and destroyed.
#include <pthread.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
pthread_mutex_t x;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

__attribute__((noinline)) void LockX() { pthread_mutex_lock(&x); }

void AThenX() {
  std::lock_guard hold_a(a);
  LockX();
  pthread_mutex_unlock(&x);
}

void XAlone() {
  LockX();
  pthread_mutex_unlock(&x);
}

void XThenA() {
  LockX();
  {
    std::lock_guard hold_a(a);
  }
  pthread_mutex_unlock(&x);
}

}  // namespace

int main() {
  std::thread first([] {
    for (int i = 0; i < 100; ++i) {
      pthread_mutex_init(&x, nullptr);
      if (i != 99) {
        AThenX();
        pthread_mutex_destroy(&x);
      } else {
        XAlone();
      }
    }
    turn = 2;
    AwaitTurn(3);
  });
  std::thread second([] {
    AwaitTurn(2);
    XThenA();
    turn = 3;
  });
  first.join();
  second.join();
  pthread_mutex_destroy(&x);
}
