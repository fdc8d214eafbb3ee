// SPDX-License-Identifier: Apache-2.0
//
// A thread reads a non-recursive rwlock twice and writes it at another time; nobody else does.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t lock;

std::atomic<int> turn{1};

void AwaitTurn(int value) {
  while (turn != value) std::this_thread::yield();
}

void Init(pthread_rwlock_t* lock) {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(lock, &attributes);
  pthread_rwlockattr_destroy(&attributes);
}

void ReadTwiceThenWrite() {
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_unlock(&lock);
  pthread_rwlock_unlock(&lock);
  pthread_rwlock_wrlock(&lock);
  pthread_rwlock_unlock(&lock);
}

void ReadOnce() {
  pthread_rwlock_rdlock(&lock);
  pthread_rwlock_unlock(&lock);
}

}  // namespace

int main() {
  Init(&lock);
  std::thread first([] {
    ReadTwiceThenWrite();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    ReadOnce();
  });
  first.join();
  second.join();
}
