// SPDX-License-Identifier: Apache-2.0
//
// Two readers take two rwlocks of the default kind in opposite orders; nobody writes.
#include <atomic>
#include <shared_mutex>
#include <thread>

namespace {

std::shared_mutex a;
std::shared_mutex b;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  std::shared_lock read_a(a);
  std::shared_lock read_b(b);
}

void Backward() {
  std::shared_lock read_b(b);
  std::shared_lock read_a(a);
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
