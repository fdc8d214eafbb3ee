// SPDX-License-Identifier: Apache-2.0
//
// An absl::Mutex, of an Abseil that is built to announce its locks, and a std::mutex in the same
// order.
#include <atomic>
#include <mutex>
#include <thread>

#include "absl/synchronization/mutex.h"

namespace {

absl::Mutex a;
std::mutex b;
std::atomic<bool> go{false};

void Forward() {
  absl::MutexLock hold_a(&a);
  std::lock_guard hold_b(b);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Forward();
  });
  first.join();
  second.join();
}
