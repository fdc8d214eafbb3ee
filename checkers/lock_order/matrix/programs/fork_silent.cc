// SPDX-License-Identifier: Apache-2.0
//
// Parent and child take the two orders of mutexes that each has for itself; the child releases what
// it inherited.
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::mutex over_fork;

}  // namespace

int main() {
  // With a second thread somebody could be inside a lock; here nobody is.
  std::thread([] {}).join();
  over_fork.lock();
  const pid_t child = fork();
  over_fork.unlock();
  if (child == 0) {
    std::lock_guard hold_a(a);
    std::lock_guard hold_b(b);
    return 0;
  }
  waitpid(child, nullptr, 0);
  std::lock_guard hold_b(b);
  std::lock_guard hold_a(a);
}
