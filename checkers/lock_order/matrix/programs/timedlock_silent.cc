// SPDX-License-Identifier: Apache-2.0
//
// pthread_mutex_timedlock in the same order.
#include <pthread.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace {

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Forward() {
  timespec deadline{};
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += 5;
  pthread_mutex_timedlock(&a, &deadline);
  pthread_mutex_timedlock(&b, &deadline);
  pthread_mutex_unlock(&b);
  pthread_mutex_unlock(&a);
}

}  // namespace

int main() {
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Forward();
  });
  first.join();
  second.join();
}
