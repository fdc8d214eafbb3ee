// SPDX-License-Identifier: Apache-2.0
//
// Memory with a held mutex in it is freed.
#include <pthread.h>

#include <cstdlib>

namespace {

// volatile: or the compiler removes the allocation.
void* volatile memory = nullptr;

pthread_mutex_t* Make() {
  memory = std::malloc(sizeof(pthread_mutex_t));
  auto* mutex = static_cast<pthread_mutex_t*>(memory);
  pthread_mutex_init(mutex, nullptr);
  return mutex;
}

}  // namespace

int main() {
  pthread_mutex_lock(Make());
  std::free(memory);
}
