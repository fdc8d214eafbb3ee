// SPDX-License-Identifier: Apache-2.0
//
// Both orders involve the second mutex on the heap.
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

void NewX() {
  x.reset();
  x = std::make_unique<std::mutex>();
}

void XThenA() {
  std::lock_guard hold_x(*x);
  std::lock_guard hold_a(a);
}

void AThenX() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_x(*x);
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
