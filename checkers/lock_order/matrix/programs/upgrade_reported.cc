// SPDX-License-Identifier: Apache-2.0
//
// A thread wants to write a rwlock that it holds to read; here it gives up after a moment.
#include <pthread.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Upgrade() {
  pthread_rwlock_rdlock(&lock);
  timespec deadline{};
  clock_gettime(CLOCK_REALTIME, &deadline);
  if (pthread_rwlock_timedwrlock(&lock, &deadline) == 0) pthread_rwlock_unlock(&lock);
  pthread_rwlock_unlock(&lock);
}

void Write() {
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
}

}  // namespace

int main() {
  std::thread first([] {
    Upgrade();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Write();
  });
  first.join();
  second.join();
}
