// SPDX-License-Identifier: Apache-2.0
//
// A thread waits for a condition while its process holds a POSIX file lock, as servers do that lock
// their data for as long as they run: only another process would wait for it.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace {

std::mutex a;
std::condition_variable ready;
bool is_ready = false;
std::atomic<bool> waiting{false};

void Wait() {
  std::unique_lock hold_a(a);
  waiting = true;
  ready.wait(hold_a, [] { return is_ready; });
}

void Signal() {
  while (!waiting) std::this_thread::yield();
  {
    std::lock_guard hold_a(a);
    is_ready = true;
  }
  ready.notify_all();
}

}  // namespace

int main() {
  const std::string name = "/tmp/heddle_matrix." + std::to_string(getpid());
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (file < 0 || fcntl(file, F_SETLK, &whole) != 0) return 1;
  std::thread signaller(Signal);
  Wait();
  signaller.join();
  close(file);
  unlink(name.c_str());
}
