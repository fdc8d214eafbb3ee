// SPDX-License-Identifier: Apache-2.0
//
// Nests locks of three kinds, ever new pairs of them, in threads that come and go, and tells each
// pair when it has happened: two addresses, in binary, on standard output. Until somebody kills it.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kLocks = 3000;
constexpr std::size_t kDeepest = 6;

struct Lock {
  pthread_mutex_t mutex;
  pthread_rwlock_t rwlock;
  pthread_spinlock_t spin;

  void* acquire(std::size_t kind) {
    switch (kind) {
      case 0:
        pthread_mutex_lock(&mutex);
        return &mutex;
      case 1:
        pthread_rwlock_wrlock(&rwlock);
        return &rwlock;
      default:
        pthread_spin_lock(&spin);
        return const_cast<int*>(&spin);
    }
  }
  void release(std::size_t kind) {
    switch (kind) {
      case 0:
        pthread_mutex_unlock(&mutex);
        return;
      case 1:
        pthread_rwlock_unlock(&rwlock);
        return;
      default:
        pthread_spin_unlock(&spin);
    }
  }
};

std::array<Lock, kLocks> locks;  // all zero is a free mutex and a free rwlock

void tell(void* held, void* acquired) {
  const std::array<void*, 2> pair{held, acquired};
  if (write(STDOUT_FILENO, pair.data(), sizeof pair) != sizeof pair) _exit(1);
}

void nest(std::mt19937& random) {
  std::array<std::size_t, kDeepest> chosen{};
  const std::size_t depth = 2 + random() % (kDeepest - 1);
  for (std::size_t i = 0; i < depth; ++i) chosen[i] = random() % kLocks;
  // In order of their numbers: nothing here may deadlock.
  std::sort(chosen.begin(), chosen.begin() + depth);
  const auto end = std::unique(chosen.begin(), chosen.begin() + depth);
  void* held = nullptr;
  for (auto lock = chosen.begin(); lock != end; ++lock) {
    void* acquired = locks[*lock].acquire(*lock % 3);
    if (held != nullptr) tell(held, acquired);
    held = acquired;
  }
  for (auto lock = end; lock != chosen.begin();) {
    --lock;
    locks[*lock].release(*lock % 3);
  }
}

}  // namespace

int main() {
  for (Lock& lock : locks) pthread_spin_init(&lock.spin, PTHREAD_PROCESS_PRIVATE);
  const auto seed = static_cast<std::uint32_t>(getpid());
  for (std::uint32_t round = 0;; ++round) {
    std::vector<std::thread> threads;
    for (std::uint32_t thread = 0; thread < 3; ++thread) {
      threads.emplace_back([=] {
        std::mt19937 random(seed + 17 * round + thread);
        for (int i = 0; i < 200; ++i) nest(random);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}
