// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "checkers/lock_order/bench/lock_cost.h"

namespace {

// libstdc++'s std::mutex, but that its end is told where a program ends it.
class Lock {
 public:
  Lock() = default;
  ~Lock() { pthread_mutex_destroy(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

}  // namespace

int main(int argc, char** argv) { return heddle::lock_cost::Main<Lock>(argc, argv); }
