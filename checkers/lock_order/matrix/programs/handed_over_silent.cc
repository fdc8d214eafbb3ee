// SPDX-License-Identifier: Apache-2.0
//
// A semaphore taken by one thread is posted by another: that is what semaphores are for. What the
// first takes then is not taken under it.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

sem_t semaphore;
std::mutex mutex;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Wait() { sem_wait(&semaphore); }

void Post() { sem_post(&semaphore); }

void Mutex() { std::lock_guard hold(mutex); }

void MutexThenSemaphore() {
  std::lock_guard hold(mutex);
  sem_wait(&semaphore);
  sem_post(&semaphore);
}

}  // namespace

int main() {
  sem_init(&semaphore, 0, 1);
  std::thread first([] {
    Wait();
    turn = 2;
    AwaitTurn(3);
    Mutex();
    turn = 4;
  });
  std::thread second([] {
    AwaitTurn(2);
    Post();
    turn = 3;
    AwaitTurn(4);
    MutexThenSemaphore();
  });
  first.join();
  second.join();
  sem_destroy(&semaphore);
}
