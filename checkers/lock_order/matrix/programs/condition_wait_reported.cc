// SPDX-License-Identifier: Apache-2.0
//
// A thread waits for a condition while it holds another mutex, which no wait releases.
#include <atomic>
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
  ready.wait(hold_a, [] { return is_ready; });
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
