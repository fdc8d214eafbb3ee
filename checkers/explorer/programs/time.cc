// SPDX-License-Identifier: Apache-2.0
//
// Loops that look at the clock: around waits that end at a limit, and until a time has come.
#undef NDEBUG
#include <time.h>

#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "checkers/explorer/programs/chosen.h"

namespace {

using std::chrono_literals::operator""ms;
using Clock = std::chrono::steady_clock;

std::mutex g_mutex;
std::condition_variable g_changed;
bool g_ready;
std::atomic<bool> g_flag;

void SetReady() {
  const std::lock_guard hold(g_mutex);
  g_ready = true;
  g_changed.notify_one();
}

// Runs `body` in a thread, and where n is not 0 SetReady() in another one.
template <typename Body>
void AgainstSetter(int n, Body body) {
  std::thread waits(body);
  std::thread sets;
  if (n != 0) sets = std::thread(SetReady);
  waits.join();
  if (n != 0) sets.join();
}

void WaitFor(int n) {
  AgainstSetter(n, [] {
    std::unique_lock hold(g_mutex);
    while (!g_ready) g_changed.wait_for(hold, 5ms);
    assert(g_ready);
  });
}

void WaitUntil(int n) {
  AgainstSetter(n, [] {
    std::unique_lock hold(g_mutex);
    while (!g_ready) g_changed.wait_until(hold, std::chrono::system_clock::now() + 1500ms);
  });
}

// `n` threads at one condition variable.
void Waiters(int n) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([] {
      std::unique_lock hold(g_mutex);
      while (!g_ready) g_changed.wait_for(hold, 5ms);
    });
  }
  {
    const std::lock_guard hold(g_mutex);
    g_ready = true;
  }
  g_changed.notify_all();
  for (std::thread& thread : threads) thread.join();
}

// The mutex is given back each time.
void WaitForUnlocked(int n) {
  AgainstSetter(n, [] {
    for (bool ready = false; !ready;) {
      std::unique_lock hold(g_mutex);
      ready = g_changed.wait_for(hold, 5ms, [] { return g_ready; });
    }
  });
}

std::timed_mutex g_timed;
int g_count;

void TryLockFor(int n) {
  std::thread threads[4];
  for (int i = 0; i < n; ++i) {
    threads[i] = std::thread([] {
      while (!g_timed.try_lock_for(5ms)) {
      }
      ++g_count;
      g_timed.unlock();
    });
  }
  for (int i = 0; i < n; ++i) threads[i].join();
  assert(g_count == n);
}

void SharedTryLockFor(int n) {
  std::shared_timed_mutex mutex;
  std::thread reads([&] {
    while (!mutex.try_lock_shared_for(5ms)) {
    }
    mutex.unlock_shared();
  });
  for (int i = 1; i < n; ++i) {
    while (!mutex.try_lock_for(5ms)) {
    }
    mutex.unlock();
  }
  reads.join();
}

void Future(int n) {
  std::promise<int> promise;
  std::thread sets([&] {
    if (n != 0) promise.set_value(n);
  });
  std::future<int> future = promise.get_future();
  while (future.wait_for(5ms) != std::future_status::ready) {
  }
  assert(future.get() == n);
  sets.join();
}

void Semaphore(int n) {
  std::counting_semaphore<2> semaphore(n - 1);
  std::thread takes([&] {
    while (!semaphore.try_acquire_for(5ms)) {
    }
  });
  semaphore.release();
  takes.join();
}

// Of one thread, that looks for something to do now and then.
void Pool(int n) {
  std::deque<int> todo;
  bool stop = false;
  int done = 0;
  std::thread works([&] {
    std::unique_lock hold(g_mutex);
    for (;;) {
      while (todo.empty() && !stop) g_changed.wait_for(hold, 10ms);
      if (todo.empty()) return;
      todo.pop_front();
      hold.unlock();
      ++done;
      hold.lock();
    }
  });
  for (int i = 0; i < n; ++i) {
    const std::lock_guard hold(g_mutex);
    todo.push_back(i);
    g_changed.notify_one();
  }
  {
    const std::lock_guard hold(g_mutex);
    stop = true;
  }
  g_changed.notify_one();
  works.join();
  assert(done == n);
}

// Two threads that take two locks in opposite orders, and give up the first one after a while.
void Opposite(int n) {
  std::timed_mutex mutexes[2];
  const auto take = [&](int first) {
    for (;;) {
      const std::unique_lock one(mutexes[first]);
      const std::unique_lock other(mutexes[1 - first], 5ms);
      if (other.owns_lock()) break;
    }
  };
  std::thread takes([&] { take(n % 2); });
  take(0);
  takes.join();
}

// It counts: no two of its turns are the same.
void Beats(int n) {
  std::atomic<int> beats{0};
  std::thread counts([&] {
    Clock::time_point last = Clock::now();
    while (!g_flag.load(std::memory_order_acquire)) {
      const Clock::time_point now = Clock::now();
      if (now - last < 2ms) continue;
      last = now;
      beats.fetch_add(1, std::memory_order_relaxed);
    }
  });
  if (n != 0) g_flag.store(true, std::memory_order_release);
  counts.join();
}

void SleepUntil(int n) {
  std::thread polls([] {
    while (!g_flag.load(std::memory_order_acquire))
      std::this_thread::sleep_until(Clock::now() + 2ms);
  });
  if (n != 0) g_flag.store(true, std::memory_order_release);
  polls.join();
}

// Those that give up at some time: it is kept somewhere, and must not be lost from sight.

Clock::time_point g_deadline;
thread_local Clock::time_point t_deadline;

void UntilLocal() {
  const Clock::time_point deadline = Clock::now() + 20ms;
  std::unique_lock hold(g_mutex);
  while (!g_ready && Clock::now() < deadline) g_changed.wait_for(hold, 5ms);
}

void UntilGlobal() {
  std::unique_lock hold(g_mutex);
  g_deadline = Clock::now() + 300ms;
  while (!g_ready && Clock::now() < g_deadline) g_changed.wait_for(hold, 5ms);
}

void UntilThreadLocal() {
  std::unique_lock hold(g_mutex);
  t_deadline = Clock::now() + 300ms;
  while (!g_ready && Clock::now() < t_deadline) g_changed.wait_for(hold, 5ms);
}

void UntilOnHeap() {
  std::unique_lock hold(g_mutex);
  const auto deadline = std::make_unique<Clock::time_point>(Clock::now() + 300ms);
  while (!g_ready && Clock::now() < *deadline) g_changed.wait_for(hold, 5ms);
}

void UntilOnOtherStack() {
  Clock::time_point deadline = Clock::now() + 300ms;
  std::thread([&] {
    std::unique_lock hold(g_mutex);
    while (!g_ready && Clock::now() < deadline) g_changed.wait_for(hold, 5ms);
  }).join();
}

void UntilInSeconds() {
  const time_t start = time(nullptr);
  std::unique_lock hold(g_mutex);
  while (!g_ready && time(nullptr) - start < 2) g_changed.wait_for(hold, 5ms);
}

void UntilInMilliseconds() {
  const auto now = [] {
    return std::chrono::floor<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
  };
  const auto start = now();
  std::unique_lock hold(g_mutex);
  while (!g_ready && now() - start < 300) g_changed.wait_for(hold, 5ms);
}

void UntilInParts() {
  const auto now = [] {
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  };
  const double start = now();
  std::unique_lock hold(g_mutex);
  while (!g_ready && now() - start < 0.35) g_changed.wait_for(hold, 5ms);
}

// Of the time only how much has passed is kept.
void UntilSum() {
  Clock::duration passed{};
  std::unique_lock hold(g_mutex);
  while (!g_ready && passed < 300ms) {
    const Clock::time_point before = Clock::now();
    g_changed.wait_for(hold, 5ms);
    passed += Clock::now() - before;
  }
}

void UntilFlag() {
  const Clock::time_point start = Clock::now();
  while (!g_flag.load(std::memory_order_acquire) && Clock::now() - start < 5ms) {
  }
}

constexpr void (*kUntil[])() = {
    UntilLocal,     UntilGlobal,         UntilThreadLocal, UntilOnHeap, UntilOnOtherStack,
    UntilInSeconds, UntilInMilliseconds, UntilInParts,     UntilSum,    UntilFlag,
};

// Each of them comes back without anybody's doing.
void Until(int n) { kUntil[n](); }

constexpr Program kPrograms[] = {
    {"wait_for", WaitFor},
    {"wait_until", WaitUntil},
    {"waiters", Waiters},
    {"wait_for_unlocked", WaitForUnlocked},
    {"try_lock_for", TryLockFor},
    {"shared_try_lock_for", SharedTryLockFor},
    {"future", Future},
    {"semaphore", Semaphore},
    {"pool", Pool},
    {"opposite", Opposite},
    {"beats", Beats},
    {"sleep_until", SleepUntil},
    {"until", Until},
};

}  // namespace

int main(int argc, char** argv) { return RunChosen(argc, argv, kPrograms, 1); }
