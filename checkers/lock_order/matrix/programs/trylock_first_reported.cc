// SPDX-License-Identifier: Apache-2.0
//
// Try A, B against B, A: what a try has got is held all the same.
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

void TryAThenB() {
  if (!a.try_lock()) return;
  std::lock_guard adopt_a(a, std::adopt_lock);
  std::lock_guard hold_b(b);
}

void BThenA() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    TryAThenB();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    BThenA();
  });
  first.join();
  second.join();
}
