// SPDX-License-Identifier: Apache-2.0
//
// The same order in both threads, and the waiter has released the inner mutex before it waits.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::condition_variable ready;
bool is_ready = false;
std::atomic<bool> step{false};
std::atomic<bool> waiting{false};

void Wait() {
  while (!step) std::this_thread::yield();
  std::unique_lock hold_a(a);
  {
    std::lock_guard hold_b(b);
  }
  waiting = true;
  ready.wait(hold_a, [] { return is_ready; });
}

void Signal() {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  step = true;
  while (!waiting) std::this_thread::yield();
  {
    std::lock_guard hold_a(a);
    is_ready = true;
  }
  ready.notify_all();
}

}  // namespace

int main() {
  std::thread waiter(Wait);
  std::thread signaller(Signal);
  waiter.join();
  signaller.join();
}
