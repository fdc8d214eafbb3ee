// SPDX-License-Identifier: Apache-2.0
//
// A semaphore that is posted once in its life separates the two orders, as an event does.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
sem_t event;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void First() {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  sem_post(&event);
}

void Second() {
  sem_wait(&event);
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  sem_init(&event, 0, 0);
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
  sem_destroy(&event);
}
