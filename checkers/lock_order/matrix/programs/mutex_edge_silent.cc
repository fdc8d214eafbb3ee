// SPDX-License-Identifier: Apache-2.0
//
// Both threads take one order, with an unrelated mutex passed in between.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex unrelated;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void First() {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  std::lock_guard hold_unrelated(unrelated);
}

void Second() {
  {
    std::lock_guard hold_unrelated(unrelated);
  }
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

}  // namespace

int main() {
  std::thread first([] {
    First();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Second();
  });
  first.join();
  second.join();
}
