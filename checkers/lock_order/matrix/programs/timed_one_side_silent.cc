// SPDX-License-Identifier: Apache-2.0
//
// One side has a time limit, and both have one order.
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

void ForwardForEver() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    ForwardForEver();
  });
  first.join();
  second.join();
}
