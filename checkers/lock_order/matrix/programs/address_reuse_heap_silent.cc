// SPDX-License-Identifier: Apache-2.0
//
// The mutex was freed and another one allocated, as a rule at the same address, between the orders.
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::unique_ptr<std::mutex> x = std::make_unique<std::mutex>();

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void AThenX() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_x(*x);
}

void NewXThenA() {
  x.reset();
  x = std::make_unique<std::mutex>();
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
