// SPDX-License-Identifier: Apache-2.0
//
// A forked child's two threads take two mutexes in opposite orders; the parent ends with its
// status.
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

void Backward() {
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}

}  // namespace

int main() {
  const pid_t child = fork();
  if (child != 0) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
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
