// SPDX-License-Identifier: Apache-2.0
//
// The C++ library's own threads and locks, used well; and what goes wrong in C++ only.
#include <pthread.h>

#include <atomic>
#include <barrier>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <latch>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <semaphore>
#include <set>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "checkers/explorer/programs/chosen.h"

namespace {

template <class Body>
void RunSame(int n, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

// Who takes two locks in different orders that way does not wait for each other.
// Each of `n` threads takes two of `n` mutexes, its own one first.
void ScopedLock(int n) {
  std::vector<std::mutex> mutexes(static_cast<std::size_t>(n));
  std::atomic<int> entered = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < mutexes.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::scoped_lock both(mutexes[i], mutexes[(i + 1) % mutexes.size()]);
      entered.fetch_add(1, std::memory_order_relaxed);
    });
  }
  for (std::thread& thread : threads) thread.join();
  assert(entered.load() == n);
}

void Mutex(int n) {
  std::mutex mutex;
  int entered = 0;
  RunSame(n, [&](int) {
    const std::scoped_lock hold(mutex);
    ++entered;
  });
  assert(entered == n);
}

void Condition(int n) {
  std::mutex mutex;
  std::condition_variable changed;
  int ready = 0;
  RunSame(n, [&](int i) {
    std::unique_lock hold(mutex);
    if (i == 0) {
      changed.wait(hold, [&] { return ready == n - 1; });
    } else {
      ++ready;
      changed.notify_one();
    }
  });
}

// A wait that ends at its limit ends behind it by the clock, too: the library looks.
void WaitFor(int n) {
  using std::chrono_literals::operator""s;
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  std::thread sets;
  if (n > 0) {
    sets = std::thread([&] {
      const std::scoped_lock hold(mutex);
      ready = true;
      changed.notify_one();
    });
  }
  {
    std::unique_lock hold(mutex);
    if (n == 0) assert(changed.wait_for(hold, 10s) == std::cv_status::timeout);
    assert(changed.wait_for(hold, 10s, [&] { return ready; }) == ready);
  }
  if (n > 0) sets.join();
}

void AtomicWait(int n) {
  std::atomic<int> turn{0};
  int entered = 0;
  RunSame(n, [&](int i) {
    for (int seen = turn.load(std::memory_order_acquire); seen != i;
         seen = turn.load(std::memory_order_acquire)) {
      turn.wait(seen, std::memory_order_acquire);
    }
    ++entered;
    turn.store(i + 1, std::memory_order_release);
    turn.notify_all();
  });
  assert(entered == n);
}

// No futex is as small. Nobody sets it with 2, and nobody says so with 1.
void FlagWait(int n) {
  std::atomic_flag flag;
  std::thread waits([&] { flag.wait(false); });
  if (n != 2) flag.test_and_set();
  if (n == 0) flag.notify_one();
  waits.join();
}

void Semaphore(int n) {
  std::counting_semaphore<> free_places(1);
  int entered = 0;
  RunSame(n, [&](int) {
    free_places.acquire();
    ++entered;
    free_places.release();
  });
  assert(entered == n);
}

void Latch(int n) {
  std::latch all(n);
  std::vector<int> shares(static_cast<std::size_t>(n));
  RunSame(n, [&](int i) {
    shares[static_cast<std::size_t>(i)] = 1;
    all.arrive_and_wait();
    for (const int share : shares) assert(share == 1);
  });
}

void Barrier(int n) {
  std::barrier all(n);
  std::vector<int> shares(static_cast<std::size_t>(n));
  RunSame(n, [&](int i) {
    shares[static_cast<std::size_t>(i)] = 1;
    all.arrive_and_wait();
    for (const int share : shares) assert(share == 1);
  });
}

void CallOnce(int n) {
  std::once_flag once;
  int made = 0;
  RunSame(n, [&](int) {
    std::call_once(once, [&] { ++made; });
    assert(made == 1);
  });
}

int Made() {
  static std::atomic<int> times{0};
  return times.fetch_add(1, std::memory_order_relaxed) + 1;
}

void FunctionStatic(int n) {
  RunSame(n, [](int) {
    static const int made = Made();
    assert(made == 1);
  });
}

void SharedMutex(int n) {
  std::shared_mutex mutex;
  int value = 0;
  RunSame(n, [&](int i) {
    if (i == 0) {
      const std::unique_lock hold(mutex);
      value = 1;
    } else {
      const std::shared_lock hold(mutex);
      const int seen = value;
      assert(seen == 0 || seen == 1);
    }
  });
}

struct Counter {
  std::atomic<int>* total = nullptr;
  ~Counter() {
    if (total != nullptr) total->fetch_add(1, std::memory_order_relaxed);
  }
};
thread_local Counter counter;

// Each thread has one of its own, whose destructor runs when the thread ends.
void ThreadLocal(int n) {
  std::atomic<int> total{0};
  RunSame(n, [&](int) { counter.total = &total; });
  assert(total.load(std::memory_order_relaxed) == n);
}

// The last that it does by itself is to wait.
void ThreadLocalBehindWait(int n) {
  static std::atomic<int> total{0};
  static std::atomic<bool> over{false};
  std::vector<pthread_t> threads(static_cast<std::size_t>(n));
  for (pthread_t& thread : threads) {
    pthread_create(
        &thread, nullptr,
        [](void* unused) {
          counter.total = &total;
          while (!over.load(std::memory_order_acquire)) {
          }
          return unused;
        },
        nullptr);
  }
  over.store(true, std::memory_order_release);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  assert(total.load(std::memory_order_relaxed) == n);
}

// Who waits for a moment may be notified within it.
void ShortWait(int) {
  std::mutex mutex;
  std::condition_variable condition;
  bool in_time = false;
  std::unique_lock lock(mutex);
  std::thread notifier([&] {
    const std::lock_guard guard(mutex);
    condition.notify_one();
  });
  in_time = condition.wait_for(lock, std::chrono::microseconds(1)) == std::cv_status::no_timeout;
  lock.unlock();
  notifier.join();
  assert(!in_time);
}

void Exceptions(int n) {
  std::atomic<int> caught{0};
  RunSame(n, [&](int i) {
    try {
      caught.fetch_add(0, std::memory_order_relaxed);
      throw std::runtime_error(i == 0 ? "one" : "another");
    } catch (const std::runtime_error& error) {
      assert(std::strcmp(error.what(), i == 0 ? "one" : "another") == 0);
      caught.fetch_add(1, std::memory_order_relaxed);
    }
  });
  assert(caught.load(std::memory_order_relaxed) == n);
}

void SharedPointer(int n) {
  std::vector<std::shared_ptr<int>> pointers(static_cast<std::size_t>(n));
  auto first = std::make_shared<int>(1);
  for (std::shared_ptr<int>& pointer : pointers) pointer = first;
  first.reset();
  RunSame(n, [&](int i) { pointers[static_cast<std::size_t>(i)].reset(); });
}

void UncaughtException(int n) {
  std::atomic<int> turn{0};
  RunSame(n, [&](int) {
    if (turn.fetch_add(1, std::memory_order_relaxed) == 1) throw std::runtime_error("nobody's");
  });
}

// The thread is not joined where the other one was faster.
void Terminate(int) {
  std::atomic<bool> done{false};
  std::thread thread([&] { done.store(true, std::memory_order_release); });
  if (!done.load(std::memory_order_acquire)) thread.join();
}

void Future(int n) {
  std::vector<std::future<int>> results;
  for (int i = 0; i < n; ++i) results.push_back(std::async(std::launch::async, [i] { return i; }));
  for (int i = 0; i < n; ++i) assert(results[static_cast<std::size_t>(i)].get() == i);
}

void StopToken(int) {
  std::atomic<bool> stopped{false};
  {
    const std::jthread thread([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
      stopped.store(true, std::memory_order_relaxed);
    });
  }
  assert(stopped.load(std::memory_order_relaxed));
}

// Thrown in one thread and caught in another.
void ExceptionPointer(int) {
  std::exception_ptr thrown;
  std::thread thread([&] {
    try {
      throw std::runtime_error("there");
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  thread.join();
  try {
    std::rethrow_exception(thrown);
  } catch (const std::runtime_error& error) {
    assert(std::strcmp(error.what(), "there") == 0);
  }
}

// All have one exception, and whoever gives it back last destroys it.
template <class Exception>
void ShareException(int n, const Exception& thrown, void (*look)(const Exception&)) {
  std::vector<std::exception_ptr> shares(static_cast<std::size_t>(n),
                                         std::make_exception_ptr(thrown));
  RunSame(n, [&](int i) {
    const std::exception_ptr share = std::exchange(shares[static_cast<std::size_t>(i)], nullptr);
    try {
      std::rethrow_exception(share);
    } catch (const Exception& caught) {
      look(caught);
    }
  });
}

// The program's own: two steps of each thread.
void SharedException(int n) {
  struct Refusal {
    std::vector<int> reasons;
  };
  ShareException<Refusal>(n, {.reasons = {1, 2}},
                          [](const Refusal& refusal) { assert(refusal.reasons[1] == 2); });
}

// The C++ library's: nobody can tell by whom it is destroyed.
void SharedError(int n) {
  ShareException<std::runtime_error>(
      n, std::runtime_error("a reason"),
      [](const std::runtime_error& error) { assert(std::strcmp(error.what(), "a reason") == 0); });
}

// A handler that is left by the exception it has caught, and destructors on the way.
void Rethrow(int n) {
  std::atomic<int> unwound{0};
  RunSame(n, [&](int i) {
    const Counter outer{&unwound};
    try {
      const Counter inner{&unwound};
      try {
        throw i;
      } catch (int) {
        unwound.fetch_add(0, std::memory_order_relaxed);
        throw;
      }
    } catch (int caught) {
      assert(caught == i && std::uncaught_exceptions() == 0);
    }
  });
  assert(unwound.load(std::memory_order_relaxed) == 2 * n);
}

void Throw() { throw std::runtime_error("from what throws nothing"); }
void NoExcept(int n) {
  RunSame(n, [](int) noexcept { Throw(); });
}

// What the C++ library's own code does with nodes is seen, wherever the keys lie that are compared.
void MapFind(int) {
  std::map<int, int> map{{1, 1}, {2, 2}, {3, 3}};
  int found = 0;
  std::thread finds([&] { found += static_cast<int>(map.count(7)); });
  map.emplace(4, 4);
  finds.join();
  assert(found == 0);
}

void MapErase(int) {
  std::map<int, int> map{{1, 1}, {2, 2}, {3, 3}};
  int sum = 0;
  std::thread sums([&] {
    for (const auto& [key, value] : map) sum += value;
  });
  map.erase(2);
  sums.join();
}

void ListAppend(int) {
  std::list<int> list{1, 2, 3};
  int sum = 0;
  std::thread sums([&] {
    for (const int value : list) sum += value;
  });
  list.push_back(4);
  sums.join();
}

// Under a lock; and that all nodes are found both ways.
void Nodes(int n) {
  constexpr int kKeys = 32;
  std::mutex mutex;
  std::set<int> set;
  std::list<int> list;
  RunSame(n, [&](int i) {
    const std::scoped_lock hold(mutex);
    for (int key = i; key < kKeys; key += 2) {
      set.insert(key * 7 % kKeys);
      list.push_front(key);
    }
    if (set.size() < kKeys) return;
    for (int key = 0; key < kKeys; key += 3) set.erase(key);
    list.reverse();
    list.sort();
    int up = -1;
    for (const int key : set) {
      assert(key > up && key % 3 != 0);
      up = key;
    }
    int down = kKeys;
    for (auto key = set.rbegin(); key != set.rend(); ++key) {
      assert(*key < down);
      down = *key;
    }
    assert(up == kKeys - 1 && down == 1 && list.front() == 0 && list.back() == kKeys - 1);
  });
}

void RandomDevice(int n) {
  std::atomic<unsigned> sum{0};
  RunSame(n, [&](int) {
    std::random_device device;
    sum.fetch_add(device() % 3, std::memory_order_relaxed);
  });
}

// What initializers allocate is there again in each execution, as it was.
std::vector<int> g_made_before(3, 1);

void Initializer(int n) {
  std::mutex mutex;
  RunSame(n, [&](int i) {
    const std::lock_guard lock(mutex);
    ++g_made_before[0];
    g_made_before.push_back(i);
  });
  assert(g_made_before[0] == 1 + n && g_made_before.size() == static_cast<std::size_t>(3 + n));
}

constexpr Program kPrograms[] = {
    {"scoped_lock", ScopedLock},
    {"mutex", Mutex},
    {"condition", Condition},
    {"wait_for", WaitFor},
    {"atomic_wait", AtomicWait},
    {"flag_wait", FlagWait},
    {"semaphore", Semaphore},
    {"latch", Latch},
    {"barrier", Barrier},
    {"call_once", CallOnce},
    {"function_static", FunctionStatic},
    {"shared_mutex", SharedMutex},
    {"short_wait", ShortWait},
    {"thread_local", ThreadLocal},
    {"thread_local_behind_wait", ThreadLocalBehindWait},
    {"exceptions", Exceptions},
    {"shared_pointer", SharedPointer},
    {"uncaught_exception", UncaughtException},
    {"terminate", Terminate},
    {"future", Future},
    {"stop_token", StopToken},
    {"exception_pointer", ExceptionPointer},
    {"shared_exception", SharedException},
    {"shared_error", SharedError},
    {"rethrow", Rethrow},
    {"noexcept", NoExcept},
    {"random_device", RandomDevice},
    {"map_find", MapFind},
    {"map_erase", MapErase},
    {"list_append", ListAppend},
    {"nodes", Nodes},
    {"initializer", Initializer},
};

}  // namespace

int main(int argc, char** argv) { return RunChosen(argc, argv, kPrograms, 2); }
