// SPDX-License-Identifier: Apache-2.0
//
// What a lock and an unlock cost, in the shapes of use that lock-order checkers differ in. The
// process's CPU time is divided by the pairs of all threads, so that what else runs on the machine
// counts little. A second thread is alive all the time: without one, libc leaves out the atomic
// operations.
//
// A shape prints a line for each of its phases:  PHASE <TAB> NANOSECONDS PER PAIR <TAB> BYTES
// where BYTES is by how much the resident memory has grown since the shape began.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_BENCH_LOCK_COST_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_BENCH_LOCK_COST_H_

#include <time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace heddle::lock_cost {

inline double CpuNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline int64_t ResidentBytes() {
  // Sizes in pages: of all, then of what is resident. No stream: it would run pthread_once between
  // what is measured.
  std::array<char, 128> text{};
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const bool read = std::fgets(text.data(), text.size(), file) != nullptr;
  std::fclose(file);
  char* resident = nullptr;
  if (!read || std::strtol(text.data(), &resident, 10) == 0) return 0;
  const int64_t pages = std::strtol(resident, nullptr, 10);
  return pages * sysconf(_SC_PAGESIZE);
}

// From its making to Report().
class Phase {
 public:
  explicit Phase(int64_t resident) : resident_(resident), begin_(CpuNanoseconds()) {}
  void Report(const char* name, long pairs) const {
    const double used = CpuNanoseconds() - begin_;
    std::printf("%s\t%.4f\t%ld\n", name, used / static_cast<double>(pairs),
                static_cast<long>(ResidentBytes() - resident_));
  }

 private:
  int64_t resident_;
  double begin_;
};

// `Lock` has lock(), unlock() and a constructor without arguments.
template <class Lock>
class Shapes {
 public:
  // False: there is no such shape.
  bool Run(const std::string& shape, long count) {
    const std::map<std::string, std::function<void(long)>> shapes = {
        {"one", [this](long n) { One(n); }},
        {"nested_2", [this](long n) { Nested<2, 2>("nested_2", n); }},
        {"nested_4", [this](long n) { Nested<4, 1>("nested_4", n); }},
        {"in_turn", [this](long n) { InTurn(n); }},
        {"own", [this](long n) { TwoThreads("own", n, 1); }},
        {"contended", [this](long n) { TwoThreads("contended", n, 0); }},
        {"churn", [this](long n) { Churn(n); }},
        {"churn_in_place", [this](long n) { ChurnInPlace(n); }},
        {"chain", [this](long n) { Chain(n); }},
        {"reversed", [this](long n) { Reversed(n); }},
    };
    const auto found = shapes.find(shape);
    if (found == shapes.end()) return false;
    resident_ = ResidentBytes();
    std::thread([] {
      for (;;) pause();
    }).detach();
    found->second(count);
    return true;
  }

 private:
  static void Pair(Lock& lock) {
    lock.lock();
    lock.unlock();
  }
  // One place in the code, so that a second pass repeats the first, however loops are unrolled.
  [[gnu::noinline]] static void PairUnder(Lock& outer, Lock& inner) {
    outer.lock();
    Pair(inner);
    outer.unlock();
  }

  void One(long count) {
    Lock lock;
    const Phase phase(resident_);
    for (long i = 0; i < count; ++i) Pair(lock);
    phase.Report("one", count);
  }

  // Each round takes kDepth neighbours of a row of locks, beginning at one of kBegins places in
  // turn.
  template <std::size_t kDepth, std::size_t kBegins>
  void Nested(const char* name, long count) {
    std::array<Lock, kDepth + kBegins - 1> locks;
    const Phase phase(resident_);
    const long rounds = count / static_cast<long>(kDepth);
    for (long round = 0; round < rounds; ++round) {
      Lock* const first = &locks[static_cast<std::size_t>(round) % kBegins];
      for (std::size_t i = 0; i < kDepth; ++i) first[i].lock();
      for (std::size_t i = kDepth; i-- > 0;) first[i].unlock();
    }
    phase.Report(name, rounds * static_cast<long>(kDepth));
  }

  // More locks than caches hold, each seen before.
  void InTurn(long count) {
    constexpr std::size_t kLocks = 10000;
    constexpr std::size_t kStep = 6997;  // coprime
    std::vector<Lock> locks(kLocks);
    for (Lock& lock : locks) Pair(lock);
    const Phase phase(resident_);
    std::size_t at = 0;
    for (long i = 0; i < count; ++i) {
      Pair(locks[at]);
      at += kStep;
      if (at >= kLocks) at -= kLocks;
    }
    phase.Report("in_turn", count);
  }

  void TwoThreads(const char* name, long count, std::size_t second) {
    struct alignas(256) Padded {
      Lock lock;
    };
    std::array<Padded, 2> locks;
    const auto work = [count](Lock& lock) {
      for (long i = 0; i < count / 2; ++i) Pair(lock);
    };
    const Phase phase(resident_);
    std::thread other([&] { work(locks[second].lock); });
    work(locks[0].lock);
    other.join();
    phase.Report(name, count / 2 * 2);
  }

  void Churn(long count) {
    Lock outer;
    const Phase phase(resident_);
    for (long i = 0; i < count / 2; ++i) {
      const auto lock = std::make_unique<Lock>();
      PairUnder(outer, *lock);
    }
    phase.Report("churn", count / 2 * 2);
  }

  // Nothing tells of the end of those.
  void ChurnInPlace(long count) {
    Lock outer;
    alignas(Lock) std::array<std::byte, sizeof(Lock)> place;
    const Phase phase(resident_);
    for (long i = 0; i < count / 2; ++i) PairUnder(outer, *new (place.data()) Lock);
    phase.Report("churn_in_place", count / 2 * 2);
  }

  // Every order is new in the first pass, and known in the second.
  template <class Step>
  void TwoPasses(const char* first, const char* repeat, long count, Step step) {
    for (const char* name : {first, repeat}) {
      const Phase phase(resident_);
      for (long i = 0; i < count; ++i) step(i);
      phase.Report(name, 2 * count);
    }
  }

  void Chain(long count) {
    std::vector<Lock> locks(static_cast<std::size_t>(count) + 1);
    TwoPasses("chain", "chain_again", count, [&locks](long i) {
      PairUnder(locks[static_cast<std::size_t>(i)], locks[static_cast<std::size_t>(i) + 1]);
    });
  }

  // The worst for who keeps all locks sorted: first all are seen in one order, then they are nested
  // in the other one.
  void Reversed(long count) {
    std::vector<Lock> locks(static_cast<std::size_t>(count) + 1);
    for (std::size_t i = locks.size(); i-- > 0;) Pair(locks[i]);
    TwoPasses("reversed", "reversed_again", count, [&locks](long i) {
      PairUnder(locks[static_cast<std::size_t>(i)], locks[static_cast<std::size_t>(i) + 1]);
    });
  }

  int64_t resident_ = 0;
};

// main() of the programs: SHAPE COUNT.
template <class Lock>
int Main(int argc, char** argv) {
  const long count = argc == 3 ? std::stol(argv[2]) : 0;
  if (count >= 8 && Shapes<Lock>().Run(argv[1], count)) {
    std::fflush(stdout);
    return 0;
  }
  std::fprintf(stderr, "usage: %s SHAPE COUNT\n", argv[0]);
  return 2;
}

}  // namespace heddle::lock_cost

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_BENCH_LOCK_COST_H_
