// SPDX-License-Identifier: Apache-2.0
//
// Allocates with locks held and locks what it has allocated, in threads that come and go.
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Account {
  std::mutex mutex;
  std::map<int, std::string> entries;
};

struct Bank {
  std::shared_mutex mutex;
  std::vector<std::unique_ptr<Account>> accounts;

  void add(int round) {
    const std::unique_lock hold(mutex);
    accounts.push_back(std::make_unique<Account>());
    const std::lock_guard inner(accounts.back()->mutex);
    accounts.back()->entries[round] = std::string(static_cast<std::size_t>(round % 300), 'x');
  }
  std::size_t count() {
    const std::shared_lock hold(mutex);
    std::size_t sum = 0;
    for (const auto& account : accounts) {
      const std::lock_guard inner(account->mutex);
      sum += account->entries.size();
    }
    return sum;
  }
};

}  // namespace

int main() {
  Bank bank;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&bank, round] {
        for (int k = 0; k < 10; ++k) {
          bank.add(10 * round + k);
          (void)bank.count();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::printf("%zu\n", bank.count());
  return 0;
}
