// SPDX-License-Identifier: Apache-2.0
//
// The thread with the other order was made before the first was joined, and only waits for a flag:
// it could have come earlier.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> go{false};

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
  std::thread first(Forward);
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Backward();
  });
  first.join();
  go = true;
  second.join();
}
