// SPDX-License-Identifier: Apache-2.0
//
// Eight threads, each with two neighbours of a ring of eight mutexes, close a cycle of eight.
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr int kLocks = 8;
std::mutex locks[kLocks + 1];
std::atomic<int> turn{0};

void TakeTwo(int i) {
  while (turn != i) std::this_thread::yield();
  {
    std::lock_guard hold_this(locks[i]);
    std::lock_guard hold_next(locks[(i + 1) % kLocks]);
  }
  turn = i + 1;
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < kLocks; ++i) threads.emplace_back(TakeTwo, i);
  for (std::thread& thread : threads) thread.join();
}
