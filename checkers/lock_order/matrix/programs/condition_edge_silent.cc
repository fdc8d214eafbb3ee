// SPDX-License-Identifier: Apache-2.0
//
// One order in both threads, with a condition variable in between.
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex m;
std::condition_variable ready;
bool is_ready = false;

void Wait() {
  {
    std::unique_lock hold(m);
    ready.wait(hold, [] { return is_ready; });
  }
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void Signal() {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  {
    std::lock_guard hold(m);
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
