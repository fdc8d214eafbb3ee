// SPDX-License-Identifier: Apache-2.0
//
// What is there from before main(), or is set up by the C++ library on first use and then stays.
// <iostream>, which sets most of it up before main(), is not included.
#undef NDEBUG
#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "checkers/explorer/programs/chosen.h"

namespace {

std::atomic<int> g_turns;
std::atomic<int> g_destroyed;

void Succeeds(int error) { assert(error == 0); }
void Fails(int error) { assert(error == EINVAL); }

// With `n` threads there are as many executions as ways for them to come here.
void TakeTurn() { g_turns.fetch_add(1, std::memory_order_relaxed); }

template <typename Body>
void Run(int n, Body body) {
  std::vector<std::thread> threads;
  for (int i = 1; i < n; ++i) threads.emplace_back(body);
  body();
  for (std::thread& thread : threads) thread.join();
}

// The classic locale is made for the first stream.
void Stream(int n) {
  Run(n, [] {
    TakeTurn();
    std::ostringstream text;
    text << 12 << ' ' << 0.5;
    assert(text.str() == "12 0.5");
  });
}

// A key that nobody has made. What the explorer's function sets up when it is first called is none
// of the program's statics.
void UnknownKey(int n) {
  Run(n, [] {
    TakeTurn();
    assert(pthread_getspecific(PTHREAD_KEYS_MAX - 1) == nullptr);
  });
}

// The C++ library has a key of its own for this.
void NoticeOfExit(int n) {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::thread thread([&] {
    std::unique_lock hold(mutex);
    ready = n != 0;
    std::notify_all_at_thread_exit(changed, std::move(hold));
  });
  {
    std::unique_lock hold(mutex);
    changed.wait(hold, [&] { return ready; });
  }
  thread.join();
}

// What a future gets when its thread ends, behind the destructors of thread_local variables.
void ValueAtExit(int n) {
  struct Mine {
    ~Mine() { g_destroyed.fetch_add(1, std::memory_order_relaxed); }
  };
  std::promise<int> promise;
  std::future<int> future = promise.get_future();
  std::thread thread([&promise, n] {
    promise.set_value_at_thread_exit(n);
    thread_local const Mine mine;
    static_cast<void>(&mine);
  });
  assert(future.get() == n && g_destroyed.load(std::memory_order_relaxed) == 1);
  thread.join();
}

// The clock of what runs before main() is that of executions.
const std::chrono::steady_clock::time_point g_early_time = std::chrono::steady_clock::now();

void EarlyTime(int) {
  const auto passed = std::chrono::steady_clock::now() - g_early_time;
  assert(passed >= std::chrono::seconds(0) && passed < std::chrono::hours(2));
}

pthread_key_t g_key;
pthread_barrier_t g_barrier;
thread_local int g_local = 1;

__attribute__((constructor)) void BeforeMain() {
  Succeeds(pthread_key_create(&g_key, [](void* value) {
    delete static_cast<int*>(value);
    g_destroyed.fetch_add(1, std::memory_order_relaxed);
  }));
  Succeeds(pthread_setspecific(g_key, new int(5)));
  Succeeds(pthread_barrier_init(&g_barrier, nullptr, 2));
  g_local = 5;
}

void EarlyKey(int n) {
  assert(*static_cast<int*>(pthread_getspecific(g_key)) == 5);
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([] {
      assert(pthread_getspecific(g_key) == nullptr);
      Succeeds(pthread_setspecific(g_key, new int(1)));
      TakeTurn();
    });
  }
  for (std::thread& thread : threads) thread.join();
  assert(g_destroyed.load() == n);
}

// In each execution the key is there again.
void EarlyKeyDeleted(int n) {
  assert(*static_cast<int*>(pthread_getspecific(g_key)) == 5);
  Succeeds(pthread_key_delete(g_key));
  Fails(pthread_key_delete(g_key));
  Fails(pthread_setspecific(g_key, &g_key));
  assert(pthread_getspecific(g_key) == nullptr);
  Run(n, TakeTurn);
}

void EarlyThreadLocal(int n) {
  assert(g_local == 5);
  ++g_local;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([] {
      assert(g_local == 1);
      ++g_local;
      TakeTurn();
    });
  }
  for (std::thread& thread : threads) thread.join();
  assert(g_local == 6);
}

void EarlyBarrier(int n) {
  Run(n, [] {
    g_turns.fetch_add(1, std::memory_order_relaxed);
    pthread_barrier_wait(&g_barrier);
    assert(g_turns.load(std::memory_order_relaxed) == 2);
  });
}

constexpr Program kPrograms[] = {
    {"stream", Stream},
    {"unknown_key", UnknownKey},
    {"notice_of_exit", NoticeOfExit},
    {"value_at_exit", ValueAtExit},
    {"early_time", EarlyTime},
    {"early_key", EarlyKey},
    {"early_key_deleted", EarlyKeyDeleted},
    {"early_thread_local", EarlyThreadLocal},
    {"early_barrier", EarlyBarrier},
};

}  // namespace

int main(int argc, char** argv) { return RunChosen(argc, argv, kPrograms, 1); }
