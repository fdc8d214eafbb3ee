// SPDX-License-Identifier: Apache-2.0
//
// Memory with a held mutex in it is unmapped.
#include <pthread.h>
#include <sys/mman.h>

#include <cstddef>

int main() {
  constexpr std::size_t kBytes = 4096;
  void* page = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  auto* mutex = static_cast<pthread_mutex_t*>(page);
  pthread_mutex_init(mutex, nullptr);
  pthread_mutex_lock(mutex);
  munmap(page, kBytes);
}
