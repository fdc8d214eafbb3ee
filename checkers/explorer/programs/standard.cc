// SPDX-License-Identifier: Apache-2.0
//
// The C++ library's own threads and locks, used well; and what goes wrong in C++ only.
#include <atomic>
#include <barrier>
#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <random>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

namespace {

template <class Body>
void RunSame(int n, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
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

void RandomDevice(int n) {
  std::atomic<unsigned> sum{0};
  RunSame(n, [&](int) {
    std::random_device device;
    sum.fetch_add(device() % 3, std::memory_order_relaxed);
  });
}

struct Program {
  const char* name;
  void (*run)(int);
};

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
    {"mutex", Mutex},
    {"condition", Condition},
    {"atomic_wait", AtomicWait},
    {"semaphore", Semaphore},
    {"latch", Latch},
    {"barrier", Barrier},
    {"call_once", CallOnce},
    {"function_static", FunctionStatic},
    {"shared_mutex", SharedMutex},
    {"thread_local", ThreadLocal},
    {"exceptions", Exceptions},
    {"shared_pointer", SharedPointer},
    {"uncaught_exception", UncaughtException},
    {"terminate", Terminate},
    {"future", Future},
    {"stop_token", StopToken},
    {"exception_pointer", ExceptionPointer},
    {"rethrow", Rethrow},
    {"noexcept", NoExcept},
    {"random_device", RandomDevice},
    {"initializer", Initializer},
};

}  // namespace

int main(int argc, char** argv) {
  const int n = argc > 2 ? std::atoi(argv[2]) : 2;
  for (const Program& program : kPrograms) {
    if (argc < 2 || std::strcmp(argv[1], program.name) != 0) continue;
    program.run(n);
    return 0;
  }
  std::fprintf(stderr, "usage: %s NAME [N]\n", argv[0]);
  for (const Program& program : kPrograms) std::fprintf(stderr, "  %s\n", program.name);
  return 2;
}
