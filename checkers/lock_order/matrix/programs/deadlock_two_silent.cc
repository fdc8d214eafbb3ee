// SPDX-License-Identifier: Apache-2.0
//
// A thread waits long, but its mutex is released in the end.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::atomic<int> turn{1};

void Hold() {
  std::lock_guard hold_a(a);
  turn = 2;
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
}

}  // namespace

int main() {
  std::thread holder(Hold);
  while (turn != 2) std::this_thread::yield();
  {
    std::lock_guard hold_a(a);
  }
  holder.join();
}
