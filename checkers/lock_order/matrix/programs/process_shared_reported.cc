// SPDX-License-Identifier: Apache-2.0
//
// Two processes take two process-shared mutexes in opposite orders.
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

}  // namespace

int main() {
  void* page =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  auto* shared = static_cast<Shared*>(page);
  Init(&shared->a);
  Init(&shared->b);
  const pid_t child = fork();
  if (child == 0) {
    Nest(&shared->a, &shared->b);
    shared->go = true;
    return 0;
  }
  while (!shared->go) std::this_thread::yield();
  Nest(&shared->b, &shared->a);
  waitpid(child, nullptr, 0);
}
