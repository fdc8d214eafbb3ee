// SPDX-License-Identifier: Apache-2.0
//
// Small programs to be watched: probe CASE.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "checkers/lock_order/checked_mutex.h"

namespace {

std::mutex a;
std::mutex b;

void handler(int) { const std::lock_guard guard(a); }

void abba() {
  std::atomic<int> step{0};
  std::thread first([&] {
    {
      const std::scoped_lock one(a);
      const std::scoped_lock two(b);
    }
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  std::thread second([&] {
    while (step != 1) std::this_thread::yield();
    {
      const std::scoped_lock one(b);
      const std::scoped_lock two(a);
    }
    step = 2;
  });
  first.join();
  second.join();
}

void reconstructed() {
  alignas(std::mutex) unsigned char place[sizeof(std::mutex)];
  for (int i = 0; i < 2; ++i) {
    auto* mutex = new (place) std::mutex;
    const std::lock_guard outer(*mutex);
    const std::lock_guard inner(a);
  }
}

void condition() {
  std::condition_variable changed;
  bool done = false;
  std::thread waiter([&] {
    const std::lock_guard outer(b);
    std::unique_lock inner(a);
    changed.wait(inner, [&] { return done; });
  });
  {
    const std::lock_guard guard(a);
    done = true;
  }
  changed.notify_all();
  waiter.join();
}

void shared() {
  std::shared_mutex mutex;
  mutex.lock_shared();
  mutex.lock_shared();
  a.lock();
  a.unlock();
  mutex.unlock_shared();
  mutex.unlock_shared();
}

void recursion() {
  mtx_t mutex;
  mtx_init(&mutex, mtx_recursive);
  mtx_lock(&mutex);
  mtx_lock(&mutex);
  a.lock();
  a.unlock();
  mtx_unlock(&mutex);
  mtx_unlock(&mutex);
  mtx_destroy(&mutex);
}

void semaphores() {
  sem_t as_lock;
  sem_t as_event;
  sem_init(&as_lock, 0, 1);
  sem_init(&as_event, 0, 0);
  std::thread other([&] {
    const std::lock_guard guard(a);
    sem_wait(&as_lock);
    sem_post(&as_lock);
    sem_post(&as_event);
  });
  sem_wait(&as_event);
  other.join();
}

void out_of_order() {
  std::mutex c;
  a.lock();
  b.lock();
  a.unlock();
  c.lock();
  b.unlock();
  c.unlock();
}

// One call site for each pass.
__attribute__((noinline)) void lock_all(std::mutex* mutexes, int count) {
  for (int i = 0; i < count; ++i) mutexes[i].lock();
  for (int i = 0; i < count; ++i) mutexes[i].unlock();
}

void many() {
  static std::mutex mutexes[200];
  lock_all(mutexes, 200);
  lock_all(mutexes, 200);
}

void forked() {
  const std::lock_guard guard(a);
  const pid_t child = fork();
  if (child == 0) {
    {
      const std::lock_guard inner(b);
    }
    _exit(0);
  }
  waitpid(child, nullptr, 0);
}

void signals() {
  signal(SIGUSR1, handler);
  {
    const std::lock_guard guard(a);
  }
  raise(SIGUSR1);
}

void misuse() {
  a.lock();
  std::thread([] { b.lock(); }).join();
  std::thread([] { a.unlock(); }).join();
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_destroy(&mutex);
  pthread_mutex_unlock(&mutex);
}

void files() {
  char name[] = "/tmp/heddle_probe_XXXXXX";
  const int fd = mkstemp(name);
  flock(fd, LOCK_EX);
  {
    const std::lock_guard guard(a);
  }
  flock(fd, LOCK_UN);
  unlink(name);
}

struct Spin {
  std::atomic<bool> taken{false};
  void lock() {
    while (taken.exchange(true)) std::this_thread::yield();
  }
  void unlock() { taken = false; }
};

void wrapped() {
  const heddle::LockClass outer("outer", 1);
  const heddle::LockClass inner("inner", 2);
  heddle::CheckedMutex<Spin> one(outer);
  heddle::CheckedMutex<Spin> two(inner);
  two.lock();
  one.lock();
  one.unlock();
  two.unlock();
  two.assert_held();
}

void churn() {
  for (int i = 0; i < 1000; ++i) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_mutex_destroy(&mutex);
  }
}

constexpr int kGenerations = 500;

// std::mutex ends without a word.
void short_lived() {
  alignas(std::mutex) unsigned char place[sizeof(std::mutex)];
  for (int i = 0; i < kGenerations; ++i) {
    auto* mutex = new (place) std::mutex;
    const std::lock_guard outer(a);
    const std::lock_guard inner(*mutex);
  }
}

void short_lived_outside() {
  for (int i = 0; i < kGenerations; ++i) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    {
      const std::lock_guard one(a);
      const std::lock_guard two(b);
    }
    pthread_mutex_unlock(&mutex);
    pthread_mutex_destroy(&mutex);
  }
}

void short_lived_made() {
  for (int i = 0; i < kGenerations; ++i) {
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, nullptr);
    {
      const std::lock_guard outer(a);
      pthread_mutex_lock(&mutex);
      pthread_mutex_unlock(&mutex);
    }
    pthread_mutex_destroy(&mutex);
  }
}

// The last one lives on and does what none before it did.
void short_lived_until() {
  for (int i = 0; i < kGenerations; ++i) {
    alignas(std::mutex) unsigned char place[sizeof(std::mutex)];
    auto* mutex = new (place) std::mutex;
    {
      const std::lock_guard outer(a);
      const std::lock_guard inner(*mutex);
    }
    if (i + 1 == kGenerations) {
      const std::lock_guard outer(*mutex);
      const std::lock_guard inner(b);
    }
  }
}

// One call site each, however loops are unrolled.
__attribute__((noinline)) void lock_both(std::mutex& first, std::mutex& second) {
  const std::lock_guard outer(first);
  const std::lock_guard inner(second);
}

// Another thread takes every third: at any moment of its owner's doing.
void short_lived_shared() {
  alignas(std::mutex) unsigned char place[sizeof(std::mutex)];
  std::atomic<std::mutex*> shown{nullptr};
  std::atomic<int> taken{0};
  std::thread other([&] {
    for (int i = 1; i <= kGenerations; ++i) {
      std::mutex* mutex = nullptr;
      while ((mutex = shown.exchange(nullptr)) == nullptr) std::this_thread::yield();
      for (int wait = 0; wait < i % 64; ++wait) asm volatile("");
      {
        const std::lock_guard outer(*mutex);
        const std::lock_guard inner(b);
      }
      taken = i;
    }
  });
  for (int i = 1; i <= kGenerations; ++i) {
    for (int quiet = 0; quiet < 3; ++quiet) {
      auto* mutex = new (place) std::mutex;
      if (quiet == 2) shown = mutex;
      for (int round = 0; round <= quiet * (i % 3); ++round) lock_both(a, *mutex);
    }
    while (taken != i) std::this_thread::yield();
  }
  other.join();
}

void killed() {
  const std::lock_guard one(a);
  const std::lock_guard two(b);
  kill(getpid(), SIGKILL);
}

const struct {
  const char* name;
  void (*run)();
} kCases[] = {{"abba", abba},
              {"reconstructed", reconstructed},
              {"condition", condition},
              {"shared", shared},
              {"recursion", recursion},
              {"semaphores", semaphores},
              {"out_of_order", out_of_order},
              {"many", many},
              {"forked", forked},
              {"signals", signals},
              {"misuse", misuse},
              {"files", files},
              {"wrapped", wrapped},
              {"churn", churn},
              {"short_lived", short_lived},
              {"short_lived_outside", short_lived_outside},
              {"short_lived_made", short_lived_made},
              {"short_lived_until", short_lived_until},
              {"short_lived_shared", short_lived_shared},
              {"killed", killed}};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& each : kCases) {
    if (argc == 2 && std::strcmp(argv[1], each.name) == 0) {
      each.run();
      return 0;
    }
  }
  return 2;
}
