// SPDX-License-Identifier: Apache-2.0
//
// Two threads lock two files with flock() in the same order.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

namespace {

int Open(const char* name) {
  const int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) _exit(1);
  return file;
}

void Take(int file) {
  if (flock(file, LOCK_EX) != 0) _exit(1);
}

// Each thread has its own open file descriptions.
void Nest(const std::string& outer, const std::string& inner) {
  const int first = Open(outer.c_str());
  const int second = Open(inner.c_str());
  Take(first);
  Take(second);
  close(second);
  close(first);
}

std::atomic<bool> go{false};

}  // namespace

int main() {
  const std::string a = "/tmp/heddle_matrix_a." + std::to_string(getpid());
  const std::string b = "/tmp/heddle_matrix_b." + std::to_string(getpid());
  std::thread first([&] {
    Nest(a, b);
    go = true;
  });
  std::thread second([&] {
    while (!go) std::this_thread::yield();
    Nest(a, b);
  });
  first.join();
  second.join();
  unlink(a.c_str());
  unlink(b.c_str());
}
