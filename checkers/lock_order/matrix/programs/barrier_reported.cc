// SPDX-License-Identifier: Apache-2.0
//
// Both orders come after the barrier.
#include <pthread.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
pthread_barrier_t barrier;
std::atomic<bool> done{false};

void First() {
  pthread_barrier_wait(&barrier);
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  done = true;
}

void Second() {
  pthread_barrier_wait(&barrier);
  while (!done) std::this_thread::yield();
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  pthread_barrier_init(&barrier, nullptr, 2);
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
  pthread_barrier_destroy(&barrier);
}
