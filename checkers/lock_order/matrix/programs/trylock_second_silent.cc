// SPDX-License-Identifier: Apache-2.0
//
// A, try B against B, A: a try never waits.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void AThenTryB() {
  std::lock_guard hold_a(a);
  if (b.try_lock()) b.unlock();
}

void BThenA() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    AThenTryB();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    BThenA();
  });
  first.join();
  second.join();
}
