// SPDX-License-Identifier: Apache-2.0
//
// Programs with an error that a few of their operations make, and others that have no part in it.
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

namespace {

std::atomic<int> counter;
std::atomic<int> flag;
std::atomic<int*> shared;
int data;
std::mutex first;
std::mutex second;
std::mutex third;

// Has no part in anything.
void Bystander() {
  for (int i = 0; i < 2; ++i) counter.fetch_add(1, std::memory_order_relaxed);
}

[[gnu::noinline]] void WriteData(int value) { data = value; }
[[gnu::noinline]] int ReadData() { return data; }
[[gnu::noinline]] int* MakeBlock() { return new int(1); }
[[gnu::noinline]] void EndBlock(int* block) { delete block; }
[[gnu::noinline]] void LookInto(const int* block) { counter.store(*block); }

template <class... Bodies>
void Run(Bodies... bodies) {
  std::vector<std::thread> threads;
  threads.reserve(sizeof...(bodies));
  (threads.emplace_back(bodies), ...);
  for (std::thread& thread : threads) thread.join();
}

void Publish() {
  WriteData(42);
  flag.store(1, std::memory_order_relaxed);
  Bystander();
}

void Receive() {
  if (flag.load(std::memory_order_relaxed) == 1 && ReadData() == 42) data = 0;
}

void Race() { Run(Bystander, Publish, Bystander, Receive); }

// The read that is told of first is the one that runs last.
void RaceBackwards() { Run(Bystander, Receive, Publish); }

void RaceWithAtomic() {
  Run(
      Bystander, [] { flag.store(1, std::memory_order_relaxed); },
      [] { memset(static_cast<void*>(&flag), 0, sizeof flag); });
}

void UseAfterFree() {
  shared.store(MakeBlock(), std::memory_order_release);
  Run(
      Bystander,
      [] {
        int* const block = shared.exchange(nullptr, std::memory_order_acq_rel);
        EndBlock(block);
        flag.store(1, std::memory_order_release);
        Bystander();
      },
      [] {
        const int* const block = shared.load(std::memory_order_acquire);
        if (block != nullptr && flag.load(std::memory_order_acquire) == 1) LookInto(block);
      });
}

void Assertion() {
  Run(
      Bystander, [] { flag.store(1, std::memory_order_relaxed); }, Bystander,
      [] { assert(flag.load(std::memory_order_relaxed) == 0); });
}

void Lock(std::mutex& a, std::mutex& b) {
  const std::lock_guard outer(a);
  const std::lock_guard inner(b);
}

// The fourth thread waits for a lock, too, but is no part of the cycle.
void Deadlock() {
  Run(
      Bystander, [] { Lock(first, second); }, [] { Lock(second, first); },
      [] { Lock(third, first); });
}

void LostWakeup() {
  static std::atomic<int> word;
  Run(
      Bystander, [] { word.wait(0, std::memory_order_relaxed); },
      [] { word.store(1, std::memory_order_relaxed); });
}

void Leak() {
  shared.store(MakeBlock(), std::memory_order_relaxed);
  Run(Bystander);
  shared.store(nullptr, std::memory_order_relaxed);
}

void Crash() {
  Run(Bystander, [] { LookInto(shared.load(std::memory_order_relaxed)); });
}

// A picture of some 60 steps: two threads hand a token to and fro, two others count.
void Large() {
  static std::atomic<int> turn;
  Run(
      [] {
        for (int i = 0; i < 8; ++i) {
          while (turn.load(std::memory_order_acquire) != 2 * i) {
          }
          ++data;
          turn.store(2 * i + 1, std::memory_order_release);
          counter.fetch_add(1, std::memory_order_acq_rel);
        }
      },
      [] {
        for (int i = 0; i < 8; ++i) {
          while (turn.load(std::memory_order_acquire) != 2 * i + 1) {
          }
          ++data;
          turn.store(2 * i + 2, i < 7 ? std::memory_order_release : std::memory_order_relaxed);
          counter.fetch_add(1, std::memory_order_acq_rel);
        }
      },
      [] {
        for (int i = 0; i < 4; ++i) counter.fetch_add(1, std::memory_order_acq_rel);
        while (turn.load(std::memory_order_acquire) != 16) {
        }
        assert(counter.load(std::memory_order_acquire) < 4 || data == 0);
      });
}

struct Program {
  const char* name;
  void (*run)();
};

constexpr auto kPrograms = std::to_array<Program>({{"race", Race},
                                                   {"race_backwards", RaceBackwards},
                                                   {"race_with_atomic", RaceWithAtomic},
                                                   {"use_after_free", UseAfterFree},
                                                   {"assertion", Assertion},
                                                   {"deadlock", Deadlock},
                                                   {"lost_wakeup", LostWakeup},
                                                   {"leak", Leak},
                                                   {"crash", Crash},
                                                   {"large", Large}});

}  // namespace

int main(int argc, char** argv) {
  for (const Program& program : kPrograms) {
    if (argc == 2 && std::strcmp(argv[1], program.name) == 0) {
      program.run();
      return 0;
    }
  }
  std::fprintf(stderr, "which one?\n");
  return EXIT_FAILURE;
}
