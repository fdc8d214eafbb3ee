// SPDX-License-Identifier: Apache-2.0
//
// The last of many mutexes at one address is a gate: both orders happen under it.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
alignas(std::mutex) std::byte place[sizeof(std::mutex)];
std::mutex* x = nullptr;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

__attribute__((noinline)) void LockX() { x->lock(); }

void XAlone() {
  LockX();
  x->unlock();
}

void XThenAThenB() {
  LockX();
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  x->unlock();
}

void XThenBThenA() {
  LockX();
  {
    std::lock_guard hold_b(b);
    std::lock_guard hold_a(a);
  }
  x->unlock();
}

}  // namespace

int main() {
  std::thread first([] {
    for (int i = 0; i < 100; ++i) {
      x = new (place) std::mutex;
      XAlone();
    }
    XThenAThenB();
    turn = 2;
    AwaitTurn(3);
  });
  std::thread second([] {
    AwaitTurn(2);
    XThenBThenA();
    turn = 3;
  });
  first.join();
  second.join();
}
