// SPDX-License-Identifier: Apache-2.0
//
// A child of vfork() ends while its parent holds a mutex. Then two threads take two mutexes in the
// same order.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> go{false};

void Forward() {
  std::lock_guard hold_a(a);
  std::lock_guard hold_b(b);
}

}  // namespace

int main() {
  {
    std::lock_guard hold_a(a);
    const pid_t child = vfork();
    if (child == 0) _exit(7);
    int status = 0;
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7) return 1;
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
