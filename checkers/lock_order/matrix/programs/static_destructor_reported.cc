// SPDX-License-Identifier: Apache-2.0
//
// A static object's destructor nests two mutexes that a thread, still running, has taken the other
// way round.
#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> nested{false};

class Service {
 public:
  Service()
      : thread_([] {
          {
            std::lock_guard hold_b(b);
            std::lock_guard hold_a(a);
          }
          nested = true;
        }) {}
  ~Service() {
    while (!nested) std::this_thread::yield();
    {
      std::lock_guard hold_a(a);
      std::lock_guard hold_b(b);
    }
    thread_.join();
  }

 private:
  std::thread thread_;
};

Service service;

}  // namespace

int main() {}
