// SPDX-License-Identifier: Apache-2.0
//
// A semaphore used as a lock, and a mutex, in the same order.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
sem_t semaphore;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void MutexFirst() {
  {
    std::lock_guard hold(mutex);
    sem_wait(&semaphore);
    sem_post(&semaphore);
  }
}

}  // namespace

int main() {
  sem_init(&semaphore, 0, 1);
  std::thread first([] {
    MutexFirst();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    MutexFirst();
  });
  first.join();
  second.join();
  sem_destroy(&semaphore);
}
