// SPDX-License-Identifier: Apache-2.0
//
// Two mutexes in opposite orders in a program that runs with other rights than its user's: nothing
// is recorded, nothing written.
#include <dlfcn.h>
#include <elf.h>

#include <atomic>
#include <mutex>
#include <thread>

// In the place of libc's: the kernel's answer for programs with other rights than their user's.
extern "C" unsigned long getauxval(unsigned long type) {
  if (type == AT_SECURE) return 1;
  using Function = unsigned long (*)(unsigned long);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getauxval"));
  return real(type);
}

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

int main() {
  std::thread first([] {
    Forward();
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Backward();
  });
  first.join();
  second.join();
}
