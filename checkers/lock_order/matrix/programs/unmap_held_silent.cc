// SPDX-License-Identifier: Apache-2.0
//
// Memory is unmapped while a mutex elsewhere is held.
#include <pthread.h>
#include <sys/mman.h>

#include <cstddef>

int main() {
  constexpr std::size_t kBytes = 4096;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  void* page = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  munmap(page, kBytes);
  pthread_mutex_unlock(&mutex);
}
