// SPDX-License-Identifier: Apache-2.0
//
// Threads that do the same: with symmetry it does not matter which of them does what.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "checkers/explorer/programs/chosen.h"

namespace {

std::atomic<int> g_next;
std::atomic<int> g_serving;
std::atomic<bool> g_locked;
std::mutex g_mutex;
int g_data;

template <typename Body>
void RunThreads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(body);
  for (std::thread& thread : threads) thread.join();
}

void FetchAdd(int count) {
  RunThreads(count, [&] { g_next.fetch_add(1, std::memory_order_relaxed); });
  assert(g_next == count);
}

void Ticket(int count) {
  RunThreads(count, [] {
    const int mine = g_next.fetch_add(1, std::memory_order_relaxed);
    while (g_serving.load(std::memory_order_acquire) != mine) {
    }
    ++g_data;
    g_serving.store(mine + 1, std::memory_order_release);
  });
  assert(g_data == count);
}

void Mutex(int count) {
  RunThreads(count, [] {
    const std::lock_guard lock(g_mutex);
    ++g_data;
  });
  assert(g_data == count);
}

void TestAndTestAndSet(int count) {
  RunThreads(count, [] {
    do {
      while (g_locked.load(std::memory_order_relaxed)) {
      }
    } while (g_locked.exchange(true, std::memory_order_acquire));
    ++g_data;
    g_locked.store(false, std::memory_order_release);
  });
  assert(g_data == count);
}

void CompareExchange(int count) {
  RunThreads(count, [] {
    int seen = g_next.load(std::memory_order_relaxed);
    while (!g_next.compare_exchange_strong(seen, seen + 1, std::memory_order_relaxed)) {
    }
  });
  assert(g_next == count);
}

// Not the same: each has a number of its own.
void Numbered(int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([i] { g_next.fetch_add(i); });
  for (std::thread& thread : threads) thread.join();
}

// Nobody joins them, and they have no argument.
void Detached(int count) {
  for (int i = 0; i < count; ++i) {
    std::thread([] { g_next.fetch_add(1, std::memory_order_relaxed); }).detach();
  }
}

// Who is done first is told apart.
void JoinedInTurn(int count) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([] { g_next.fetch_add(1); });
  for (std::thread& thread : threads) {
    thread.join();
    g_next.fetch_add(10);
  }
}

constexpr Program kPrograms[] = {
    {"fetch_add", FetchAdd},
    {"ticket", Ticket},
    {"mutex", Mutex},
    {"ttas", TestAndTestAndSet},
    {"compare_exchange", CompareExchange},
    {"numbered", Numbered},
    {"detached", Detached},
    {"joined_in_turn", JoinedInTurn},
};

}  // namespace

int main(int argc, char** argv) { return RunChosen(argc, argv, kPrograms, 2); }
