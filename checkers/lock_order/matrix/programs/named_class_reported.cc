// SPDX-License-Identifier: Apache-2.0
//
// Account 0 before ledger 0, and ledger 1 before account 1: no two locks cycle, their declared
// classes do.
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
  std::lock_guard account(accounts[0]);
  std::lock_guard ledger(ledgers[0]);
}

void Backward() {
  std::lock_guard ledger(ledgers[1]);
  std::lock_guard account(accounts[1]);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Backward();
  });
  first.join();
  second.join();
}
