// SPDX-License-Identifier: Apache-2.0
//
// A program whose threads block every signal deadlocks: it is ended by force.
#include <signal.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<int> holding{0};

// Until every thread holds its first lock.
void AwaitAll() {
  ++holding;
  while (holding != 2) std::this_thread::yield();
}

void First() {
  std::lock_guard hold_a(a);
  AwaitAll();
  std::lock_guard hold_b(b);
}

void Second() {
  std::lock_guard hold_b(b);
  AwaitAll();
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  sigset_t all;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, nullptr) != 0) return 1;
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
}
