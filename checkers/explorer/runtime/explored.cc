// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/runtime/explored.h"

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

namespace heddle::explorer {
namespace {

template <typename Body>
void RunThreads(int count, Body body) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

int Threads(void* threads) { return *static_cast<int*>(threads); }

std::atomic<int> g_x;
std::atomic<int> g_y;
int g_data;
int g_runs = 41;
int* g_pointer;
std::mutex g_first;
std::mutex g_second;

struct CountsItself {
  CountsItself() { g_x.fetch_add(1); }
  ~CountsItself() { g_y.fetch_add(1); }
  int value = 7;
};
thread_local CountsItself t_counted;
thread_local int t_plain = 3;

// The compiler must not know where the pointer leads.
template <typename T>
T* Opaque(T* pointer) {
  asm volatile("" : "+r"(pointer));
  return pointer;
}

int Deep(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : Deep(depth + 1) + frame[0];
}

}  // namespace

void StoreBuffering(void*) {
  RunThreads(2, [](int i) {
    (i == 0 ? g_x : g_y).store(1, std::memory_order_relaxed);
    static_cast<void>((i == 0 ? g_y : g_x).load(std::memory_order_relaxed));
  });
}

void FetchAdd(void* threads) {
  RunThreads(Threads(threads), [](int) { g_x.fetch_add(1, std::memory_order_relaxed); });
  assert(g_x == Threads(threads));
}

void TicketLock(void* threads) {
  RunThreads(Threads(threads), [](int) {
    const int mine = g_x.fetch_add(1, std::memory_order_relaxed);
    while (g_y.load(std::memory_order_acquire) != mine) {
    }
    ++g_data;
    g_y.store(mine + 1, std::memory_order_release);
  });
  assert(g_data == Threads(threads));
}

void LockMutex(void* threads) {
  RunThreads(Threads(threads), [](int) {
    const std::lock_guard lock(g_first);
    ++g_data;
  });
  assert(g_data == Threads(threads));
}

void TestAndSet(void* threads) {
  RunThreads(Threads(threads), [](int) {
    while (g_x.exchange(1, std::memory_order_acquire) != 0) {
    }
    ++g_data;
    g_x.store(0, std::memory_order_release);
  });
  assert(g_data == Threads(threads));
}

void GlobalsStartAnew(void*) {
  assert(g_runs == 41);
  ++g_runs;
  StoreBuffering(nullptr);
}

void SetsMemoryFromBefore(void* memory) {
  g_pointer = static_cast<int*>(memory);
  *g_pointer = 0;
  RunThreads(2, [](int) {
    const std::lock_guard lock(g_first);
    ++*g_pointer;
  });
  assert(*g_pointer == 2);
}

void AddressesRepeat(void*) {
  RunThreads(2, [](int i) {
    const auto block = std::make_unique<int>(i);
    // Not deterministic, unless each execution gives the same thread the same address.
    const auto bits = reinterpret_cast<std::uintptr_t>(block.get());
    g_x.store(static_cast<int>(bits), std::memory_order_relaxed);
  });
}

void ThreadLocals(void*) {
  RunThreads(2, [](int i) {
    assert(t_plain == 3);
    t_plain += i;
    assert(t_counted.value == 7);
    assert(t_plain == 3 + i);
  });
  assert(g_x == 2 && g_y == 2);
}

void ExceptionsStayInTheirThread(void*) {
  RunThreads(2, [](int i) {
    try {
      g_x.fetch_add(1, std::memory_order_relaxed);
      throw i;
    } catch (int caught) {
      assert(caught == i);
    }
  });
}

void ExitFromWithin(void*) {
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        const std::lock_guard lock(g_first);  // released on the way
        pthread_exit(&g_data);
      },
      nullptr);
  void* result = nullptr;
  pthread_join(thread, &result);
  assert(result == &g_data);
  g_first.lock();
  g_first.unlock();
}

// A plain write to an atomic's memory before others see it, and behind all that they do.
void MixedAccess(void*) {
  auto* const counter = new std::atomic<int>(5);
  RunThreads(2, [counter](int) { counter->fetch_add(1); });
  assert(*reinterpret_cast<int*>(Opaque(counter)) == 7);
  *reinterpret_cast<int*>(Opaque(counter)) = 20;
  assert(counter->load() == 20);
  delete counter;
}

void Sixteen(void*) {
  alignas(16) static unsigned __int128 value;
  RunThreads(2, [](int) {
    unsigned __int128 old = __atomic_load_n(&value, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&value, &old,
                                        old + (static_cast<unsigned __int128>(1) << 64), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  });
  assert(__atomic_load_n(&value, __ATOMIC_RELAXED) == static_cast<unsigned __int128>(2) << 64);
}

void Counter(void*) {
  while (g_x.fetch_add(1) >= 0) {
  }
}

void ManyAllocations(void*) {
  std::vector<std::unique_ptr<int>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(std::make_unique<int>(i));
  for (int i = 0; i < 1000; ++i) assert(*all[static_cast<std::size_t>(i)] == i);
}

void Race(void*) {
  RunThreads(2, [](int i) {
    if (i == 0) {
      g_data = 1;
      g_x.store(1, std::memory_order_relaxed);
    } else if (g_x.load(std::memory_order_relaxed) == 1) {
      ++g_data;
    }
  });
}

void FailedAssertion(void*) {
  RunThreads(2, [](int) { g_x.store(g_x.load() + 1); });
  assert(g_x == 2);
}

void NullPointer(void*) { *Opaque(static_cast<int*>(nullptr)) = 1; }

void StackOverflow(void*) { Deep(1); }

void UseAfterFree(void*) {
  int* const block = new int(1);
  delete block;
  *Opaque(block) = 2;
}

void DoubleFree(void*) {
  void* const block = malloc(8);
  free(block);
  free(Opaque(block));
}

void Leak(void*) {
  g_pointer = Opaque(new int(1));
  g_pointer = nullptr;
}

void BeyondTheEnd(void*) {
  const auto block = std::make_unique<int[]>(3);
  Opaque(block.get())[3] = 1;
}

void Unwritten(void*) {
  int* const block = static_cast<int*>(malloc(sizeof *block));
  g_data = *Opaque(block);
  free(block);
}

void AbbaDeadlock(void*) {
  RunThreads(2, [](int i) {
    const std::lock_guard outer(i == 0 ? g_first : g_second);
    const std::lock_guard inner(i == 0 ? g_second : g_first);
  });
}

void WaitForNothing(void*) {
  while (g_x.load(std::memory_order_relaxed) == 0) {
  }
}

void Uncaught(void*) {
  RunThreads(1, [](int) { throw std::runtime_error("nobody catches this"); });
}

}  // namespace heddle::explorer
