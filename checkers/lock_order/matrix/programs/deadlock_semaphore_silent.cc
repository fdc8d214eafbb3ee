// SPDX-License-Identifier: Apache-2.0
//
// A thread that holds a mutex waits long for a semaphore, which another thread posts in the end.
#include <semaphore.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
sem_t semaphore;
std::atomic<int> turn{1};

void Hold() {
  turn = 2;
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  sem_post(&semaphore);
}

}  // namespace

int main() {
  sem_init(&semaphore, 0, 0);
  std::thread holder(Hold);
  while (turn != 2) std::this_thread::yield();
  std::lock_guard hold(mutex);
  sem_wait(&semaphore);
  holder.join();
}
