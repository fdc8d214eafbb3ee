// SPDX-License-Identifier: Apache-2.0
//
// A third mutex is taken under std::scoped_lock's two by one thread, and before them by another.
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

void PairThenC() {
  std::scoped_lock hold(a, b);
  std::lock_guard hold_c(c);
}

void CThenPair() {
  std::lock_guard hold_c(c);
  std::scoped_lock hold(a, b);
}

}  // namespace

int main() {
  std::thread first([] {
    PairThenC();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    CThenPair();
  });
  first.join();
  second.join();
}
