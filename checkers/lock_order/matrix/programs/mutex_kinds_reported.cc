// SPDX-License-Identifier: Apache-2.0
//
// Mutexes of one kind in opposite orders.
#include <pthread.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

namespace {

pthread_mutex_t a;
pthread_mutex_t b;
std::atomic<bool> go{false};

void Init(pthread_mutex_t* mutex, std::string_view kind) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (kind == "recursive") pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  if (kind == "errorcheck") pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  if (kind == "adaptive") pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
  if (kind == "robust") pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (kind == "inherit") pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  if (kind == "shared") pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
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

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "normal";
  Init(&a, kind);
  Init(&b, kind);
  std::thread first([] {
    Nest(&a, &b);
    go = true;
  });
  std::thread second([] {
    while (!go) std::this_thread::yield();
    Nest(&b, &a);
  });
  first.join();
  second.join();
}
