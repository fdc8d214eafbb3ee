// SPDX-License-Identifier: Apache-2.0
//
// Two readers in opposite orders of non-recursive rwlocks; the two threads that write them are
// joined before the readers begin.
#include <pthread.h>

#include <atomic>
#include <thread>

namespace {

pthread_rwlock_t a;
pthread_rwlock_t b;

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

void Forward() {
  pthread_rwlock_rdlock(&a);
  pthread_rwlock_rdlock(&b);
  pthread_rwlock_unlock(&b);
  pthread_rwlock_unlock(&a);
}

void Backward() {
  pthread_rwlock_rdlock(&b);
  pthread_rwlock_rdlock(&a);
  pthread_rwlock_unlock(&a);
  pthread_rwlock_unlock(&b);
}

void Write(pthread_rwlock_t* lock) {
  pthread_rwlock_wrlock(lock);
  pthread_rwlock_unlock(lock);
}

}  // namespace

int main() {
  Init(&a);
  Init(&b);
  std::thread writer_a([] { Write(&a); });
  std::thread writer_b([] { Write(&b); });
  writer_a.join();
  writer_b.join();
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Backward();
  });
  first.join();
  second.join();
}
