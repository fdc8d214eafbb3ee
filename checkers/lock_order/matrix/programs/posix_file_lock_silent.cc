// SPDX-License-Identifier: Apache-2.0
//
// Two processes lock two files with F_SETLKW in the same order.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <string>
#include <thread>

namespace {

int Open(const std::string& name) {
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) _exit(1);
  return file;
}

void Take(int file) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(file, F_SETLKW, &whole) != 0) _exit(1);
}

void Nest(const std::string& outer, const std::string& inner) {
  const int first = Open(outer);
  const int second = Open(inner);
  Take(first);
  Take(second);
  close(second);
  close(first);
}

}  // namespace

int main() {
  const std::string a = "/tmp/heddle_matrix_a." + std::to_string(getpid());
  const std::string b = "/tmp/heddle_matrix_b." + std::to_string(getpid());
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  auto* go = new (page) std::atomic<bool>(false);
  const pid_t child = fork();
  if (child == 0) {
    Nest(a, b);
    *go = true;
    return 0;
  }
  while (!*go) std::this_thread::yield();
  Nest(a, b);
  waitpid(child, nullptr, 0);
  unlink(a.c_str());
  unlink(b.c_str());
}
