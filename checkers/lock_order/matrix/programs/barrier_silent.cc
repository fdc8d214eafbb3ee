// SPDX-License-Identifier: Apache-2.0
//
// A barrier lies between the two orders.
#include <pthread.h>

#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
pthread_barrier_t barrier;

void First() {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  pthread_barrier_wait(&barrier);
}

void Second() {
  pthread_barrier_wait(&barrier);
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
