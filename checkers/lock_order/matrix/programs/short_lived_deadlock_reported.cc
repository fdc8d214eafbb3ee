// SPDX-License-Identifier: Apache-2.0
//
// The last of many mutexes at one address, all taken alike by their maker, deadlocks.
#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <thread>

namespace {

std::mutex a;
alignas(std::mutex) std::byte place[sizeof(std::mutex)];
std::mutex* x = nullptr;
std::atomic<bool> made{false};
std::atomic<int> holding{0};

// Until both threads hold their first lock.
void AwaitAll() {
  ++holding;
  while (holding != 2) std::this_thread::yield();
}

__attribute__((noinline)) void XThenA(bool last) {
  std::lock_guard hold_x(*x);
  if (last) AwaitAll();
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  std::thread first([] {
    while (!made) std::this_thread::yield();
    std::lock_guard hold_a(a);
    AwaitAll();
    std::lock_guard hold_x(*x);
  });
  for (int i = 0; i < 100; ++i) {
    x = new (place) std::mutex;
    if (i == 99) made = true;
    XThenA(i == 99);
  }
  first.join();
}
