// SPDX-License-Identifier: Apache-2.0
//
// Two threads hold one mutex each and want the other's, on the first run.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<int> holding{0};

// Until every thread holds its first lock.
void AwaitAll() {
  ++holding;
  while (holding != 2) std::this_thread::yield();
}

void First() {
  std::lock_guard hold_a(a);
  AwaitAll();
  std::lock_guard hold_b(b);
}

void Second() {
  std::lock_guard hold_b(b);
  AwaitAll();
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
}
