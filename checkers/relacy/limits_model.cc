// SPDX-License-Identifier: Apache-2.0
//
// What Relacy's full search does not show, although C++ allows it, and where it raises a false
// alarm. docs/relacy_limits.md explains each from Relacy's source. If one of these changes its
// verdict, the page is out of date.
#include <atomic>
#include <chrono>
#include <cstdint>

#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// Modification order is execution order. C++ allows x == 1 && y == 1 at the end.
template <class P>
struct TwoPlusTwoWrites {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  void Thread(int index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      y.store(2, kRelaxed);
    } else {
      y.store(1, kRelaxed);
      x.store(2, kRelaxed);
    }
  }
  void After() { HEDDLE_ASSERT(!(x.load(kRelaxed) == 1 && y.load(kRelaxed) == 1)); }
};
HEDDLE_SCENARIO("relacy/limits.modification_order_2_2w", TwoPlusTwoWrites);

// Likewise (shape S). C++ allows r == 1 with x == 2 at the end.
template <class P>
struct ShapeS {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  int seen = 0;
  void Thread(int index) {
    if (index == 0) {
      x.store(2, kRelaxed);
      y.store(1, kRelaxed);
    } else {
      seen = y.load(kRelaxed);
      x.store(1, kRelaxed);
    }
  }
  void After() { HEDDLE_ASSERT(!(seen == 1 && x.load(kRelaxed) == 2)); }
};
HEDDLE_SCENARIO("relacy/limits.modification_order_s", ShapeS);

// A load sees the newest store or the one before it. C++ allows flag == 1 with x == 0 or 1.
template <class P>
struct HistoryDepth {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> flag{0};
  void Thread(int index) {
    if (index == 0) {
      for (int i = 1; i <= 3; ++i) x.store(i, kRelaxed);
      flag.store(1, kRelaxed);
    } else if (flag.load(kRelaxed) == 1) {
      HEDDLE_ASSERT(x.load(kRelaxed) >= 2);
    }
  }
};
HEDDLE_SCENARIO("relacy/limits.one_stale_value", HistoryDepth);

// A failing compare_exchange reads the newest value. C++ allows it to fail on the older one.
template <class P>
struct FailedCas {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  void Thread(int index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      y.store(1, kRelaxed);
    } else if (y.load(kRelaxed) == 1) {
      int expected = 5;
      x.compare_exchange_strong(expected, 7, kRelaxed, kRelaxed);
      HEDDLE_ASSERT(expected == 1);
    }
  }
};
HEDDLE_SCENARIO("relacy/limits.failed_cas_is_fresh", FailedCas);

// The C++11 release sequence: a later plain store of the same thread continues it. In C++20 it does
// not, and the reader may see data == 0.
template <class P>
struct ReleaseSequence {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> data{0};
  typename P::template Atomic<int> flag{0};
  void Thread(int index) {
    if (index == 0) {
      data.store(1, kRelaxed);
      flag.store(1, kRelease);
      flag.store(2, kRelaxed);
    } else if (flag.load(kAcquire) == 2) {
      HEDDLE_ASSERT(data.load(kRelaxed) == 1);
    }
  }
};
HEDDLE_SCENARIO("relacy/limits.cxx11_release_sequence", ReleaseSequence);

// seq_cst accesses do not take part in the order of seq_cst fences: a false alarm. C++ forbids that
// both threads read 0.
template <class P>
struct FenceAgainstAccess {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  int seen[2] = {1, 1};
  void Thread(int index) {
    if (index == 0) {
      x.store(1, kRelaxed);
      P::fence(kSeqCst);
      seen[0] = y.load(kRelaxed);
    } else {
      y.store(1, kSeqCst);
      seen[1] = x.load(kSeqCst);
    }
  }
  void After() { HEDDLE_ASSERT(!(seen[0] == 0 && seen[1] == 0)); }
};
HEDDLE_SCENARIO_FAILS("relacy/limits.false_alarm_fence_and_access", FenceAgainstAccess,
                      Verdict::kAssertion);

// Every spin loop needs a pause() or yield(): without it a correct program is called a livelock.
template <class P>
struct SpinWithoutPause {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> flag{0};
  void Thread(int index) {
    if (index == 0) {
      while (flag.load(kAcquire) == 0) {
      }
    } else {
      flag.store(1, kRelease);
    }
  }
};
HEDDLE_SCENARIO_FAILS("relacy/limits.false_alarm_spin_without_pause", SpinWithoutPause,
                      Verdict::kLivelock);

// A weak compare_exchange fails spuriously at most once per object and execution.
template <class P>
struct WeakCas {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> x{0};
  void Thread(int) {
    int failures = 0;
    int expected = 0;
    while (!x.compare_exchange_weak(expected, 1, kRelaxed, kRelaxed)) {
      ++failures;
      expected = 0;
    }
    HEDDLE_ASSERT(failures <= 1);
  }
};
HEDDLE_SCENARIO("relacy/limits.one_spurious_cas_failure", WeakCas);

// Values out of thin air aside, load buffering (both read 1) is legal C++ and never shown; RC11
// forbids it too.
template <class P>
struct LoadBuffering {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  int seen[2] = {0, 0};
  void Thread(int index) {
    if (index == 0) {
      seen[0] = x.load(kRelaxed);
      y.store(1, kRelaxed);
    } else {
      seen[1] = y.load(kRelaxed);
      x.store(1, kRelaxed);
    }
  }
  void After() { HEDDLE_ASSERT(!(seen[0] == 1 && seen[1] == 1)); }
};
HEDDLE_SCENARIO("relacy/limits.no_load_buffering", LoadBuffering);

// For scale: what the search does show. Each of these relaxed outcomes is reached.
template <class P>
struct StoreBuffering {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> x{0};
  typename P::template Atomic<int> y{0};
  int seen[2] = {1, 1};
  void Thread(int index) {
    auto& mine = index == 0 ? x : y;
    auto& other = index == 0 ? y : x;
    mine.store(1, kRelaxed);
    seen[index] = other.load(kRelaxed);
  }
  void After() { HEDDLE_ASSERT(!(seen[0] == 0 && seen[1] == 0)); }
};
HEDDLE_SCENARIO_FAILS("relacy/limits.store_buffering_is_shown", StoreBuffering,
                      Verdict::kAssertion);

template <class P>
struct MessagePassing {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> data{0};
  typename P::template Atomic<int> flag{0};
  void Thread(int index) {
    if (index == 0) {
      data.store(1, kRelaxed);
      flag.store(1, kRelaxed);
    } else if (flag.load(kRelaxed) == 1) {
      HEDDLE_ASSERT(data.load(kRelaxed) == 1);
    }
  }
};
HEDDLE_SCENARIO_FAILS("relacy/limits.message_passing_is_shown", MessagePassing,
                      Verdict::kAssertion);

// Two waits that only their deadlines end, after the last thread that could: Relacy by itself picks
// one that a yield holds back, wakes nobody and goes on with a thread that has ended.
template <class P>
struct OnlyDeadlinesEndThem {
  static constexpr int kThreads = 3;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 2) {
      (void)word.load(kRelaxed);
      return;
    }
    const Deadline soon = P::Clock::now() + std::chrono::milliseconds(1);
    HEDDLE_ASSERT(P::park(&word, 0, soon) == ParkResult::kTimedOut);
  }
};
HEDDLE_SCENARIO("relacy/limits.only_deadlines_end_them", OnlyDeadlinesEndThem);

// Before and after the threads there is nobody to switch to.
template <class P>
struct WaitsAlone {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  WaitsAlone() { Wait(); }
  void Thread(int) { word.fetch_add(0, kRelaxed); }
  void After() { Wait(); }
  void Wait() {
    const Deadline soon = P::Clock::now() + std::chrono::milliseconds(1);
    HEDDLE_ASSERT(P::park(&word, 0, soon) == ParkResult::kTimedOut);
  }
};
HEDDLE_SCENARIO("relacy/limits.waits_alone", WaitsAlone);

template <class P>
struct WaitsAloneForEver {
  static constexpr int kThreads = 1;
  typename P::template Atomic<std::uint32_t> word{0};
  WaitsAloneForEver() { (void)P::park(&word, 0, kNever); }
  void Thread(int) { word.store(1, kRelaxed); }
};
HEDDLE_SCENARIO_FAILS("relacy/limits.waits_alone_for_ever", WaitsAloneForEver, Verdict::kDeadlock);

}  // namespace
}  // namespace heddle
