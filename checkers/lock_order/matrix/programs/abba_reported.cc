// SPDX-License-Identifier: Apache-2.0
//
// Two threads take two mutexes in opposite orders.
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

void Forward() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void Backward() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Backward();
  });
  first.join();
  second.join();
}
