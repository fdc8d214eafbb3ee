// SPDX-License-Identifier: Apache-2.0
//
// A program with a SIGURG handler of its own, which it still gets, deadlocks: it ends with the exit
// code.
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

std::atomic<int> urgent{0};
void Count(int /*signal*/) { ++urgent; }

}  // namespace

int main() {
  struct sigaction action{};
  action.sa_handler = Count;
  struct sigaction now{};
  if (sigaction(SIGURG, &action, nullptr) != 0) return 1;
  if (sigaction(SIGURG, nullptr, &now) != 0 || now.sa_handler != Count) return 2;
  raise(SIGURG);
  if (urgent != 1) return 3;
  std::thread first(First);
  std::thread second(Second);
  first.join();
  second.join();
}
