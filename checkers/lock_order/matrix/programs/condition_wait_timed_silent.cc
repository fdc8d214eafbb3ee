// SPDX-License-Identifier: Apache-2.0
//
// A thread waits for a condition while it holds another mutex, but only for so long.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::condition_variable ready;
bool is_ready = false;
std::atomic<bool> waiting{false};

void Wait() {
  std::lock_guard hold_b(b);
  std::unique_lock hold_a(a);
  waiting = true;
  ready.wait_for(hold_a, std::chrono::seconds(1), [] { return is_ready; });
}

void Signal() {
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
