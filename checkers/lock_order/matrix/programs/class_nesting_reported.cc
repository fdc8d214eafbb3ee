// SPDX-License-Identifier: Apache-2.0
//
// Locks of one class have levels of their own; the one that is nested has the smaller level.
#include <atomic>
#include <mutex>
#include <thread>

#include "checkers/lock_order/checked_mutex.h"

namespace {

class Spin {
 public:
  void lock() {
    while (taken_.exchange(true)) std::this_thread::yield();
  }
  void unlock() { taken_ = false; }

 private:
  std::atomic<bool> taken_{false};
};

const heddle::LockClass kFirst("node", 1);
const heddle::LockClass kSecond("node", 2);
heddle::CheckedMutex<Spin> a(kFirst);
heddle::CheckedMutex<Spin> b(kSecond);

}  // namespace

int main() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}
