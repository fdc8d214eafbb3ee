// SPDX-License-Identifier: Apache-2.0
//
// Locks of one class nested by address, as a transfer should do it: no instance is taken both ways.
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <thread>

namespace {

struct Account {
  pthread_mutex_t mutex;
};

Account accounts[3];

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

// One place of initialisation, whatever the optimiser does.
__attribute__((noinline)) void Init(Account& account) {
  if (pthread_mutex_init(&account.mutex, nullptr) != 0) std::abort();
}

void Transfer(Account& from, Account& to) {
  pthread_mutex_lock(&from.mutex);
  pthread_mutex_lock(&to.mutex);
  pthread_mutex_unlock(&to.mutex);
  pthread_mutex_unlock(&from.mutex);
}

void First() {
  Transfer(accounts[0], accounts[1]);
  Transfer(accounts[1], accounts[2]);
}

void Second() {
  Transfer(accounts[0], accounts[2]);
  Transfer(accounts[0], accounts[1]);
}

}  // namespace

int main() {
  for (Account& account : accounts) Init(account);
  std::thread first([] {
    First();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Second();
  });
  first.join();
  second.join();
}
