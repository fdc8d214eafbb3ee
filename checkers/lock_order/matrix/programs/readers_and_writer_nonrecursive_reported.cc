// SPDX-License-Identifier: Apache-2.0
//
// Two readers in opposite orders and a writer for each rwlock, of the kind that prefers writers and
// forbids recursion: the writers that wait stop the second reads.
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

void WriteA() {
  pthread_rwlock_wrlock(&a);
  pthread_rwlock_unlock(&a);
}

void WriteB() {
  pthread_rwlock_wrlock(&b);
  pthread_rwlock_unlock(&b);
}

}  // namespace

int main() {
  Init(&a);
  Init(&b);
  std::thread first([] {
    Forward();
    turn = 2;
  });
  std::thread second([] {
    AwaitTurn(2);
    Backward();
    turn = 3;
  });
  std::thread third([] {
    AwaitTurn(3);
    WriteA();
    turn = 4;
  });
  std::thread fourth([] {
    AwaitTurn(4);
    WriteB();
  });
  first.join();
  second.join();
  third.join();
  fourth.join();
}
