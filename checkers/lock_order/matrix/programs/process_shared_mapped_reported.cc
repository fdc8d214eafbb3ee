// SPDX-License-Identifier: Apache-2.0
//
// Two processes map a file with two process-shared mutexes at different addresses and take them in
// opposite orders.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace {

struct Shared {
  pthread_mutex_t a;
  pthread_mutex_t b;
  std::atomic<bool> go;
};

void Init(pthread_mutex_t* mutex) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

void Nest(pthread_mutex_t* outer, pthread_mutex_t* inner) {
  pthread_mutex_lock(outer);
  pthread_mutex_lock(inner);
  pthread_mutex_unlock(inner);
  pthread_mutex_unlock(outer);
}

Shared* Map(int file) {
  void* page = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) _exit(1);
  return static_cast<Shared*>(page);
}

}  // namespace

int main() {
  const int file = memfd_create("mutexes", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, sizeof(Shared)) != 0) return 1;
  Shared* const first = Map(file);
  Init(&first->a);
  Init(&first->b);
  const pid_t child = fork();
  if (child == 0) {
    Shared* const second = Map(file);
    if (second == first) _exit(1);
    Nest(&second->a, &second->b);
    second->go = true;
    return 0;
  }
  while (!first->go) std::this_thread::yield();
  Nest(&first->b, &first->a);
  waitpid(child, nullptr, 0);
}
