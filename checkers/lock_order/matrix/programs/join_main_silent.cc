// SPDX-License-Identifier: Apache-2.0
//
// The main thread takes the other order after it has joined the thread that took the first.
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
  std::thread first(Forward);
  first.join();
  Backward();
}
