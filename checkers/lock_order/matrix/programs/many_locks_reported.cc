// SPDX-License-Identifier: Apache-2.0
//
// Between the two orders many other mutexes are nested.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace {

std::mutex a;
std::mutex b;
std::atomic<int> turn{1};

void First(std::vector<std::mutex>& others) {
  {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
  }
  for (std::size_t i = 0; i + 1 < others.size(); i += 2) {
    std::lock_guard hold_this(others[i]);
    std::lock_guard hold_next(others[i + 1]);
  }
  turn = 2;
}

void Second() {
  while (turn != 2) std::this_thread::yield();
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::mutex> others(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 4096);
  std::thread first([&] { First(others); });
  std::thread second(Second);
  first.join();
  second.join();
}
