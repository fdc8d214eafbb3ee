// SPDX-License-Identifier: Apache-2.0
//
// Takes two mutexes in the order that its argument names.
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace {

std::mutex a;
std::mutex b;

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
  const bool backward = argc > 1 && std::string_view(argv[1]) == "backward";
  std::thread thread(backward ? Backward : Forward);
  thread.join();
}
