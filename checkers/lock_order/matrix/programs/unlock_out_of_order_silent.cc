// SPDX-License-Identifier: Apache-2.0
//
// A, B, C, release A, release B, D against D, A and D, B.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex c;
std::mutex d;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void OutOfOrder() {
  std::unique_lock hold_a(a);
  std::unique_lock hold_b(b);
  std::unique_lock hold_c(c);
  hold_a.unlock();
  hold_b.unlock();
  std::lock_guard hold_d(d);
}

void DFirst() {
  {
    std::lock_guard hold_d(d);
    std::lock_guard hold_a(a);
  }
  {
    std::lock_guard hold_d(d);
    std::lock_guard hold_b(b);
  }
}

}  // namespace

int main() {
  std::thread first([] {
    OutOfOrder();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    DFirst();
  });
  first.join();
  second.join();
}
