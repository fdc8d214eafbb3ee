// SPDX-License-Identifier: Apache-2.0
//
// Accounts before ledgers, each thread with its own pair.
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <thread>

namespace {

struct Account {
  pthread_mutex_t mutex;
};
struct Ledger {
  pthread_mutex_t mutex;
};

Account accounts[2];
Ledger ledgers[2];

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

// One place of initialisation each, whatever the optimiser does.
__attribute__((noinline)) void Init(Account& account) {
  if (pthread_mutex_init(&account.mutex, nullptr) != 0) std::abort();
}
__attribute__((noinline)) void Init(Ledger& ledger) {
  if (pthread_mutex_init(&ledger.mutex, nullptr) != 0) std::abort();
}

void Forward() {
  pthread_mutex_lock(&accounts[0].mutex);
  pthread_mutex_lock(&ledgers[0].mutex);
  pthread_mutex_unlock(&ledgers[0].mutex);
  pthread_mutex_unlock(&accounts[0].mutex);
}

void ForwardToo() {
  pthread_mutex_lock(&accounts[1].mutex);
  pthread_mutex_lock(&ledgers[1].mutex);
  pthread_mutex_unlock(&ledgers[1].mutex);
  pthread_mutex_unlock(&accounts[1].mutex);
}

}  // namespace

int main() {
  for (Account& account : accounts) Init(account);
  for (Ledger& ledger : ledgers) Init(ledger);
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
