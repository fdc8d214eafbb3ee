// SPDX-License-Identifier: Apache-2.0
//
// The order before exec and the order after it belong to different mutexes.
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> go{false};

void Forward() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

void Backward() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    {
      Backward();
    }
    std::string again = "again";
    char* arguments[] = {argv[0], again.data(), nullptr};
    execv("/proc/self/exe", arguments);
    return 1;
  }
  std::thread first([] {
    Forward();
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Forward();
  });
  first.join();
  second.join();
}
