// SPDX-License-Identifier: Apache-2.0
//
// A library holds its locks across fork and makes them anew in the child, as allocators do.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <new>
#include <thread>

namespace {

std::mutex other;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
std::atomic<bool>* child_is_done;

void Prepare() {
  pthread_mutex_lock(&lock);
  pthread_mutex_lock(&second);
}
void Parent() {
  while (!*child_is_done) std::this_thread::yield();
  pthread_mutex_unlock(&second);
  pthread_mutex_unlock(&lock);
}
void Child() {
  pthread_mutex_init(&second, nullptr);
  pthread_mutex_init(&lock, nullptr);
}

// With the locks still held this would be an order of its own, against another thread's.
void Use() {
  std::lock_guard hold(other);
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
}

}  // namespace

int main() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  child_is_done = new (page) std::atomic<bool>(false);
  pthread_atfork(Prepare, Parent, Child);
  Use();
  const pid_t child = fork();
  if (child == 0) {
    std::thread worker(Use);
    Use();
    worker.join();
    *child_is_done = true;
    return 0;
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}
