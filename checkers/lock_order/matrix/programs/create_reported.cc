// SPDX-License-Identifier: Apache-2.0
//
// The parent takes its order after it has created the thread that takes the other one.
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
  std::thread child([] {
    while (!go) std::this_thread::yield();
    Backward();
  });
  Forward();
  go = true;
  child.join();
}
