// SPDX-License-Identifier: Apache-2.0
//
// std::condition_variable_any has a mutex inside, taken in both orders by design: never while it
// could block.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::condition_variable_any ready;
bool is_ready = false;
std::atomic<bool> waiting{false};

void Wait() {
  std::unique_lock hold_a(a);
  waiting = true;
  ready.wait(hold_a, [] { return is_ready; });
}

void Signal() {
  while (!waiting) std::this_thread::yield();
  std::lock_guard hold_a(a);
  is_ready = true;
  ready.notify_all();
}

}  // namespace

int main() {
  std::thread waiter(Wait);
  std::thread signaller(Signal);
  waiter.join();
  signaller.join();
}
