// SPDX-License-Identifier: Apache-2.0
//
// A thread waits for a mutex whose holder waits long for another one, which is released in the end.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<int> turn{1};

void HoldB() {
  std::lock_guard hold_b(b);
  turn = 2;
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
}

void HoldAWantB() {
  while (turn != 2) std::this_thread::yield();
  std::lock_guard hold_a(a);
  turn = 3;
  std::lock_guard hold_b(b);
}

}  // namespace

int main() {
  std::thread third(HoldB);
  std::thread second(HoldAWantB);
  while (turn != 3) std::this_thread::yield();
  {
    std::lock_guard hold_a(a);
  }
  second.join();
  third.join();
}
