// SPDX-License-Identifier: Apache-2.0
//
// A parent holds the gate from before its child's creation until after its join, so the child's
// order happens under the gate.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex gate;
std::mutex a;
std::mutex b;

std::atomic<int> turn{0};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Child() {
  AwaitTurn(1);
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void Other() {
  AwaitTurn(2);
  std::lock_guard hold_gate(gate);
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread other(Other);
  {
    std::lock_guard hold_gate(gate);
    std::thread child(Child);
    turn = 1;
    child.join();
  }
  turn = 2;
  other.join();
}
