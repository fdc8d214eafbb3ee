// SPDX-License-Identifier: Apache-2.0
//
// A thread that holds a mutex starts programs with posix_spawn and vfork.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <string>

namespace {

std::mutex mutex;

void Wait(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
}

}  // namespace

int main() {
  std::lock_guard hold(mutex);
  std::string program = "/bin/true";
  char* arguments[] = {program.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) == 0) Wait(child);
  child = vfork();
  if (child == 0) {
    execv(program.c_str(), arguments);
    _exit(127);
  }
  Wait(child);
}
