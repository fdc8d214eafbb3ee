// SPDX-License-Identifier: Apache-2.0
//
// A std::mutex ends, which calls nothing, and another one begins at its address: the orders are of
// different locks.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <thread>

namespace {

std::mutex a;
alignas(std::mutex) std::byte place[sizeof(std::mutex)];
std::mutex* x = new (place) std::mutex;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void AThenX() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_x(*x);
}

void NewXThenA() {
  x->~mutex();
  x = new (place) std::mutex;
  std::lock_guard hold_x(*x);
  std::lock_guard hold_a(a);
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
