// SPDX-License-Identifier: Apache-2.0
//
// Producers wait for what consumers post and the other way round, under mutexes of their own: the
// semaphores are no locks.
#include <semaphore.h>

#include <mutex>
#include <thread>

namespace {

constexpr int kItems = 100;
std::mutex producers;
std::mutex consumers;
std::mutex items;
sem_t empty;
sem_t full;
int count = 0;

void Produce() {
  for (int i = 0; i < kItems; ++i) {
    std::lock_guard one_producer(producers);
    sem_wait(&empty);
    {
      std::lock_guard hold(items);
      ++count;
    }
    sem_post(&full);
  }
}

void Consume() {
  for (int i = 0; i < kItems; ++i) {
    std::lock_guard one_consumer(consumers);
    sem_wait(&full);
    {
      std::lock_guard hold(items);
      --count;
    }
    sem_post(&empty);
  }
}

}  // namespace

int main() {
  sem_init(&empty, 0, 4);
  sem_init(&full, 0, 0);
  std::thread threads[] = {std::thread(Produce), std::thread(Produce), std::thread(Consume),
                           std::thread(Consume)};
  for (std::thread& thread : threads) thread.join();
  return count;
}
