// SPDX-License-Identifier: Apache-2.0
//
// A static object's constructor nests two mutexes before it starts a thread that takes them the
// other way round.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> constructed{false};

class Service {
 public:
  Service() {
    {
      std::lock_guard hold_a(a);
      std::lock_guard hold_b(b);
    }
    thread_ = std::thread([] {
      while (!constructed) std::this_thread::yield();
      std::lock_guard hold_b(b);
      std::lock_guard hold_a(a);
    });
    constructed = true;
  }
  ~Service() { thread_.join(); }

 private:
  std::thread thread_;
};

Service service;

}  // namespace

int main() {}
