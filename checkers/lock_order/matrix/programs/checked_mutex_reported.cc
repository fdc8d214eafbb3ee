// SPDX-License-Identifier: Apache-2.0
//
// Locks of the program's own in heddle::CheckedMutex, in opposite orders.
#include <atomic>
#include <mutex>
#include <thread>

#include "checkers/lock_order/checked_mutex.h"

namespace {

class Spin {
 public:
  void lock() {
    while (taken_.exchange(true)) std::this_thread::yield();
  }
  void unlock() { taken_ = false; }

 private:
  std::atomic<bool> taken_{false};
};

heddle::CheckedMutex<Spin> a;
heddle::CheckedMutex<Spin> b;

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
