// SPDX-License-Identifier: Apache-2.0
//
// A bounded buffer whose producers and consumers also take two mutexes in opposite orders.
#include <semaphore.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

constexpr int kItems = 100;
std::mutex a;
std::mutex b;
sem_t empty;
sem_t full;
std::atomic<bool> consumed{false};

void Produce() {
  for (int i = 0; i < kItems; ++i) {
    sem_wait(&empty);
    sem_post(&full);
  }
  while (!consumed) std::this_thread::yield();
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

void Consume() {
  for (int i = 0; i < kItems; ++i) {
    sem_wait(&full);
    {
      std::lock_guard hold_a(a);
      std::lock_guard hold_b(b);
    }
    sem_post(&empty);
  }
  consumed = true;
}

}  // namespace

int main() {
  sem_init(&empty, 0, 4);
  sem_init(&full, 0, 0);
  std::thread producer(Produce);
  std::thread consumer(Consume);
  producer.join();
  consumer.join();
}
