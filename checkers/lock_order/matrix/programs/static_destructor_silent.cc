// SPDX-License-Identifier: Apache-2.0
//
// A static object's destructor joins the thread before it nests the two mutexes the other way
// round.
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
    thread_.join();
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }

 private:
  std::thread thread_;
};

Service service;

}  // namespace

int main() {}
