// SPDX-License-Identifier: Apache-2.0
//
// The parent's order has ended before it creates the thread that takes the other one.
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;

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
  Forward();
  std::thread child(Backward);
  child.join();
}
