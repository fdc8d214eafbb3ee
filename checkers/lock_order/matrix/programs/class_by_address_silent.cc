// SPDX-License-Identifier: Apache-2.0
//
// Locks of a class that nests by address are nested in the order of their addresses.
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

const heddle::LockClass kNodes("node", heddle::LockClass::Nesting::kByAddress);
struct {
  heddle::CheckedMutex<Spin> low{kNodes};
  heddle::CheckedMutex<Spin> high{kNodes};
} locks;

}  // namespace

int main() {
  std::lock_guard hold_low(locks.low);
  std::lock_guard hold_high(locks.high);
}
