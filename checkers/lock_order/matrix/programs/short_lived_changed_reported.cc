// SPDX-License-Identifier: Apache-2.0
//
// The last of many mutexes at one address does what none before it did, and closes a cycle by that.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <thread>

namespace {

std::mutex a;
alignas(std::mutex) std::byte place[sizeof(std::mutex)];
std::mutex* x = nullptr;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

__attribute__((noinline)) void XAlone() { std::lock_guard hold_x(*x); }

__attribute__((noinline)) void XThenA() {
  std::lock_guard hold_x(*x);
  std::lock_guard hold_a(a);
}

__attribute__((noinline)) void AThenX() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_x(*x);
}

}  // namespace

int main() {
  std::thread first([] {
    for (int i = 0; i < 100; ++i) {
      x = new (place) std::mutex;
      XAlone();
    }
    XThenA();
    turn = 2;
    AwaitTurn(3);
  });
  std::thread second([] {
    AwaitTurn(2);
    AThenX();
    turn = 3;
  });
  first.join();
  second.join();
}
