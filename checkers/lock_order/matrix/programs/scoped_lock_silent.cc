// SPDX-License-Identifier: Apache-2.0
//
// std::scoped_lock takes two mutexes in either order: it waits for one and tries the other.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() { std::scoped_lock hold(a, b); }

void Backward() { std::scoped_lock hold(b, a); }

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
