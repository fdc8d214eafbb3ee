// SPDX-License-Identifier: Apache-2.0
//
// A parent holds the gate when it creates the child but releases it before the join: the gate
// guards nothing.
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
  gate.lock();
  std::thread child(Child);
  gate.unlock();
  turn = 1;
  child.join();
  turn = 2;
  other.join();
}
