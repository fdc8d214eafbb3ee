// SPDX-License-Identifier: Apache-2.0
//
// One side of the inversion has a time limit, so the deadlock would end.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

std::timed_mutex a;
std::timed_mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  std::unique_lock hold_a(a, std::chrono::seconds(5));
  std::unique_lock hold_b(b, std::chrono::seconds(5));
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
