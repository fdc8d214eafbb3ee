// SPDX-License-Identifier: Apache-2.0
//
// Three threads close a cycle of three mutexes.
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

void CThenA() {
  std::lock_guard hold_c(c);
  std::lock_guard hold_a(a);
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
    CThenA();
  });
  first.join();
  second.join();
  third.join();
}
