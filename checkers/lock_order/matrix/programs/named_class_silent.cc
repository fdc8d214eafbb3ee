// SPDX-License-Identifier: Apache-2.0
//
// Two declared classes in one order, and two locks of one class nested by both threads in one
// order.
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

const heddle::LockClass kAccount("account");
const heddle::LockClass kLedger("ledger");
heddle::CheckedMutex<Spin> accounts[2] = {heddle::CheckedMutex<Spin>(kAccount),
                                          heddle::CheckedMutex<Spin>(kAccount)};
heddle::CheckedMutex<Spin> ledgers[2] = {heddle::CheckedMutex<Spin>(kLedger),
                                         heddle::CheckedMutex<Spin>(kLedger)};

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  std::lock_guard account_0(accounts[0]);
  std::lock_guard account_1(accounts[1]);
  std::lock_guard ledger(ledgers[0]);
}

void ForwardToo() {
  std::lock_guard account_0(accounts[0]);
  std::lock_guard account_1(accounts[1]);
  std::lock_guard ledger(ledgers[1]);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    ForwardToo();
  });
  first.join();
  second.join();
}
