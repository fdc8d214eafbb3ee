// SPDX-License-Identifier: Apache-2.0
//
// A, B, release A, C against C, A: A and C are never held together by the first thread.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex c;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Walk() {
  std::unique_lock hold_a(a);
  std::unique_lock hold_b(b);
  hold_a.unlock();
  std::lock_guard hold_c(c);
}

void CThenA() {
  std::lock_guard hold_c(c);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    Walk();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    CThenA();
  });
  first.join();
  second.join();
}
