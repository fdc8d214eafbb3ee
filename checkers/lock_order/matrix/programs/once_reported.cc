// SPDX-License-Identifier: Apache-2.0
//
// The first order happens after pthread_once, which then separates nothing.
#include <pthread.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
pthread_once_t once = PTHREAD_ONCE_INIT;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Routine() {}

void First() {
  pthread_once(&once, Routine);
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void Second() {
  pthread_once(&once, Routine);
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    First();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Second();
  });
  first.join();
  second.join();
}
