// SPDX-License-Identifier: Apache-2.0
//
// A thread waits for a semaphore whose last waiter wants the thread's mutex.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
sem_t semaphore;
std::atomic<int> holding{0};

// Until every thread holds its first lock.
void AwaitAll() {
  ++holding;
  while (holding != 2) std::this_thread::yield();
}

void First() {
  std::lock_guard hold(mutex);
  AwaitAll();
  sem_wait(&semaphore);
  sem_post(&semaphore);
}

void Second() {
  sem_wait(&semaphore);
  AwaitAll();
  std::lock_guard hold(mutex);
  sem_post(&semaphore);
}

}  // namespace

int main() {
  sem_init(&semaphore, 0, 1);
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
}
