// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks have in common. A row is named family/shape/implementation; a row of Heddle's
// is registered together with the reference that it is compared with, and both run in one process.
//
// Every row's time is nanoseconds per operation. With one thread that is Google Benchmark's own
// loop and the thread's processor time, which other programs hardly change. With more, the threads
// run for a fixed time, and that time is divided by all their operations: a fixed number of
// operations per thread, as with Google Benchmark's Threads(), lets the winners of an unfair lock
// finish first and the rest run alone, which flatters unfair locks.
#ifndef HEDDLE_STRESS_BENCH_HARNESS_H_
#define HEDDLE_STRESS_BENCH_HARNESS_H_

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "primitives/platform.h"

namespace heddle::bench {

enum class Timing : std::uint8_t {
  kLoop,   // the body iterates over the state, in one thread; processor time
  kFixed,  // the body iterates once, for a fixed time, and calls Publish(); wall time
};

struct Row {
  std::string implementation;
  std::function<void(benchmark::State&)> body;
};

// Registers shape/ours and shape/ref:reference and says that the first is to be compared with the
// second. A row may be named in several pairs; it is registered once. `shape` is "family/shape".
void RegisterPair(const std::string& shape, Timing timing, const Row& ours, const Row& reference);

// The threads of all rows run on two processors, so that four of them are too many anywhere. Binds
// the calling thread to the `index`-th of the two, modulo two.
void RunOnProcessor(int index);

using Stop = std::atomic<bool>;

// What the threads (or processes) of a row did.
struct Work {
  double seconds = 0;
  std::vector<std::uint64_t> operations;  // of each
  double stolen = 0;                      // share of the time in which others had our processors
};

// body(thread, stop) returns the number of its operations once `stop` is true.
Work RunThreads(int threads, const std::function<std::uint64_t(int, const Stop&)>& body);

// Likewise with processes; the body must not touch the caller's memory.
Work RunProcesses(int processes, const std::function<std::uint64_t(int, const Stop&)>& body);

// The row's result from those who have operations: time per operation, and "fairness", the least
// busy thread's share divided by the busiest one's. 1 is even, 0 is starvation.
void Publish(benchmark::State& state, const Work& work);

// About 60 ns in registers.
inline std::uint64_t PrivateWork(std::uint64_t x) {
  for (int i = 0; i < 40; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

// Ends the process with a message: a primitive that is not one has no speed.
[[noreturn]] void Broken(const char* what);

// Locks that need something of each thread call it Mine, and take it as an argument.
struct Nothing {};
template <class Lock>
struct MineOf {
  using Type = Nothing;
};
template <class Lock>
  requires requires { typename Lock::Mine; }
struct MineOf<Lock> {
  using Type = typename Lock::Mine;
};

// A lock, as one thread uses it.
template <class Lock>
class Access {
 public:
  explicit Access(Lock& lock) : lock_(lock) {}
  void lock() {
    if constexpr (std::is_same_v<Mine, Nothing>) {
      lock_.lock();
    } else {
      lock_.lock(mine_);
    }
  }
  void unlock() {
    if constexpr (std::is_same_v<Mine, Nothing>) {
      lock_.unlock();
    } else {
      lock_.unlock(mine_);
    }
  }

 private:
  using Mine = typename MineOf<Lock>::Type;
  Lock& lock_;
  Mine mine_;
};

template <class Lock>
struct Protected {
  alignas(kCacheLine) Lock lock;
  alignas(kCacheLine) std::uint64_t count = 0;
};

// lock() and unlock() in turn by one thread.
template <class Lock>
void LockAlone(benchmark::State& state) {
  Protected<Lock> shared;
  Access<Lock> access(shared.lock);
  for (auto _ : state) {
    access.lock();
    benchmark::DoNotOptimize(++shared.count);
    access.unlock();
  }
}

// The same by several threads, with or without work of their own in between.
template <class Lock, int kThreads, bool kWork = false>
void LockTogether(benchmark::State& state) {
  for (auto _ : state) {
    Protected<Lock> shared;
    const Work work = RunThreads(kThreads, [&](int thread, const Stop& stop) {
      Access<Lock> access(shared.lock);
      std::uint64_t operations = 0;
      std::uint64_t own = static_cast<std::uint64_t>(thread) + 1;
      while (!stop.load(std::memory_order_relaxed)) {
        access.lock();
        benchmark::DoNotOptimize(++shared.count);
        access.unlock();
        ++operations;
        if constexpr (kWork) benchmark::DoNotOptimize(own = PrivateWork(own));
      }
      return operations;
    });
    std::uint64_t sum = 0;
    for (const std::uint64_t operations : work.operations) sum += operations;
    if (sum != shared.count) Broken("a lock does not exclude");
    Publish(state, work);
  }
}

}  // namespace heddle::bench

#endif  // HEDDLE_STRESS_BENCH_HARNESS_H_
