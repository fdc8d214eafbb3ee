// SPDX-License-Identifier: Apache-2.0
//
// Three threads take pairs of three mutexes in one common order.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex c;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void AThenB() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void BThenC() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_c(c);
}

void AThenC() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_c(c);
}

}  // namespace

int main() {
  std::thread first([] {
    AThenB();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    BThenC();
    turn = 3;
  });
  std::thread third([] {
    AwaitTurn(3);
    AThenC();
  });
  first.join();
  second.join();
  third.join();
}
