// SPDX-License-Identifier: Apache-2.0
//
// A spawned program (this one again) takes two mutexes in opposite orders; the parent ends with its
// status.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

namespace {

std::mutex a;
std::mutex b;
std::atomic<bool> go{false};

void Invert() {
  std::thread first([] {
    {
      std::lock_guard hold_a(a);
      std::lock_guard hold_b(b);
    }
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    std::lock_guard hold_b(b);
    std::lock_guard hold_a(a);
  });
  first.join();
  second.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    Invert();
    return 0;
  }
  std::string again = "again";
  char* arguments[] = {argv[0], again.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments, environ) != 0) return 1;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
