// SPDX-License-Identifier: Apache-2.0
//
// std::shared_timed_mutex, read by both in opposite orders, with a time limit.
#include <atomic>
#include <chrono>
#include <shared_mutex>
#include <thread>

namespace {

std::shared_timed_mutex a;
std::shared_timed_mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  std::shared_lock hold_a(a, std::chrono::seconds(5));
  std::shared_lock hold_b(b, std::chrono::seconds(5));
}

void Backward() {
  std::shared_lock hold_b(b, std::chrono::seconds(5));
  std::shared_lock hold_a(a, std::chrono::seconds(5));
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
