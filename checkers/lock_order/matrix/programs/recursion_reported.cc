// SPDX-License-Identifier: Apache-2.0
//
// Recursive mutexes in opposite orders.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::recursive_mutex a;
std::recursive_mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void ABThenAAgain() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
  std::lock_guard again(a);
}

void BThenA() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    ABThenAAgain();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    BThenA();
  });
  first.join();
  second.join();
}
