// SPDX-License-Identifier: Apache-2.0
//
// Two readers take a rwlock and a mutex in opposite orders and a third thread writes; the kind
// forbids recursion, so a waiting writer stops the second reader.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t data;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

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

void ReadThenMutex() {
  pthread_rwlock_rdlock(&data);
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  pthread_rwlock_unlock(&data);
}

void MutexThenRead() {
  pthread_mutex_lock(&mutex);
  pthread_rwlock_rdlock(&data);
  pthread_rwlock_unlock(&data);
  pthread_mutex_unlock(&mutex);
}

void Write() {
  pthread_rwlock_wrlock(&data);
  pthread_rwlock_unlock(&data);
}

}  // namespace

int main() {
  Init(&data);
  std::thread first([] {
    ReadThenMutex();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    MutexThenRead();
    turn = 3;
  });
  std::thread third([] {
    AwaitTurn(3);
    Write();
  });
  first.join();
  second.join();
  third.join();
}
