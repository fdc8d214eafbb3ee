// SPDX-License-Identifier: Apache-2.0
//
// Why each mode exists: a seeded bug that it finds and the plain mode, given the same time, does
// not. A mode that cannot be shown here does not stay. Each bug needs more than one stroke of bad
// luck, so that a busy machine, which preempts threads at random too, does not show it to the plain
// mode.
#include <sched.h>
#include <time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "checkers/scenario/scenario.h"
#include "gtest/gtest.h"
#include "stress/affinity.h"
#include "stress/harness.h"
#include "stress/isolated.h"
#include "stress/noise.h"

namespace heddle {
namespace {

using std::chrono::microseconds;

// Work that is no platform operation, so nothing disturbs it.
void WorkFor(microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) asm volatile("");
}

// Thread 0 beats kBeats times; each beat is two stores. Thread 1 counts the beats whose second
// store is late by kLate, and forgives less than kForgiven of them.
template <class P, int kBeats, int kForgiven, int kLate>
struct Heartbeats {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> state{0};

  void Thread(int index) {
    if (index == 0) {
      for (std::uint32_t i = 1; i <= 2 * kBeats; ++i) state.store(i, std::memory_order_relaxed);
      return;
    }
    int late = 0;
    std::uint32_t counted = 0;
    for (;;) {
      const std::uint32_t seen = state.load(std::memory_order_relaxed);
      if (seen == 2 * kBeats) break;
      if (seen % 2 == 1 && seen != counted) {
        WorkFor(microseconds(kLate));
        if (state.load(std::memory_order_relaxed) == seen) {
          ++late;
          counted = seen;
        }
      }
      P::pause();
    }
    HEDDLE_ASSERT(late < kForgiven);
  }
};

// Two of sixteen: no more than two delays are needed, anywhere.
template <class P>
using SomeLate = Heartbeats<P, 16, 2, 20>;
// Three of three: every other operation in a row must be delayed.
template <class P>
using AllLate = Heartbeats<P, 3, 3, 10>;

// An optimistic reader that believes nobody can be unlucky 14 times. Only a reader much slower than
// the writer, all the way, is.
template <class P>
struct BoundedRetries {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> version{0};
  typename P::template Atomic<std::uint32_t> finished{0};

  void Thread(int index) {
    if (index == 1) {
      for (std::uint32_t i = 1; finished.load(std::memory_order_relaxed) == 0; ++i) {
        version.store(i, std::memory_order_relaxed);
        WorkFor(microseconds(1));
      }
      return;
    }
    int retries = 0;
    while (retries < 14 &&
           version.load(std::memory_order_relaxed) != version.load(std::memory_order_relaxed)) {
      ++retries;
    }
    finished.store(1, std::memory_order_relaxed);
    HEDDLE_ASSERT(retries < 14);
  }
};

// A mark for each processor, on the belief that a thread that has made it stays there, alone, until
// it has looked. Forgives two who were preempted in between.
template <class P>
struct PerProcessorMark {
  static constexpr int kThreads = 2;
  std::array<typename P::template Atomic<int>, 64> marks{};

  void Thread(int index) {
    int overwritten = 0;
    for (int i = 0; i < 64; ++i) {
      WorkFor(microseconds(10));
      auto& mark = marks[static_cast<std::size_t>(sched_getcpu()) % marks.size()];
      mark.store(index, std::memory_order_relaxed);
      if (mark.load(std::memory_order_relaxed) != index) ++overwritten;
    }
    HEDDLE_ASSERT(overwritten < 3);
  }
};

// A table with eight places, on the belief that no more threads are at work at a time: true as long
// as a thread that has a place has a processor too.
template <class P>
struct EightPlaces {
  static constexpr int kThreads = 2;
  static inline std::atomic<int> taken{0};

  void Thread(int) {
    HEDDLE_ASSERT(taken.fetch_add(1, std::memory_order_relaxed) < 8);
    timespec began{};
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
    do {
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while ((now.tv_sec - began.tv_sec) * 1'000'000'000 + now.tv_nsec - began.tv_nsec < 5'000'000);
    taken.fetch_sub(1, std::memory_order_relaxed);
  }
};

// Believes that whoever returns from park() was woken.
template <class P>
struct ParksOnce {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 1) {
      WorkFor(microseconds(20));
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
      return;
    }
    P::park(&word, 0, kNever);
    HEDDLE_ASSERT(word.load(std::memory_order_relaxed) == 1);
  }
};

// Believes that a weak compare-exchange fails only for another value.
template <class P>
struct WeakOnce {
  static constexpr int kThreads = 1;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int) {
    std::uint32_t expected = 0;
    const bool done = word.compare_exchange_weak(expected, 1, std::memory_order_relaxed,
                                                 std::memory_order_relaxed);
    HEDDLE_ASSERT(done);
  }
};

HEDDLE_SCENARIO_FAILS("modes/some_late", SomeLate, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/all_late", AllLate, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/bounded_retries", BoundedRetries, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/per_processor_mark", PerProcessorMark, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/eight_places", EightPlaces, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/parks_once", ParksOnce, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/weak_once", WeakOnce, Verdict::kAssertion);

constexpr double kSeconds = 2;

using stress::Mode;
using stress::NoiseKind;
using stress::Settings;

std::string VerdictOf(std::string_view bug, const Mode& mode, int oversubscribe = 0) {
  static std::uint64_t seed = 0;
  return stress::RunIsolated(bug, Settings{.modes = {mode},
                                           .oversubscribe = oversubscribe,
                                           .seconds = kSeconds,
                                           .seed = ++seed})
      .verdict;
}

constexpr Mode kPlain{};

class ModesTest : public testing::Test {
 protected:
  // The same odds on a machine with two processors and on one with two hundred.
  static void SetUpTestSuite() {
    cpu_set_t all;
    cpu_set_t two;
    CPU_ZERO(&two);
    if (sched_getaffinity(0, sizeof all, &all) != 0) return;
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&two) < 2; ++cpu) {
      if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &two);
    }
    sched_setaffinity(0, sizeof two, &two);
  }

  static void ExpectOnlyFoundBy(const Mode& mode, std::string_view bug, int oversubscribe = 0) {
    EXPECT_EQ(VerdictOf(bug, mode, oversubscribe), "assertion");
    EXPECT_EQ(VerdictOf(bug, kPlain), "pass");
  }
};

TEST_F(ModesTest, PausesFindTwoLateBeats) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kPauses}, "modes/some_late");
}

TEST_F(ModesTest, PausesFindParkWithoutRecheck) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kPauses}, "modes/parks_once");
}

#if defined(__x86_64__)  // elsewhere the processor does it by itself
TEST_F(ModesTest, PausesFindWeakExchangeWithoutLoop) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kPauses}, "modes/weak_once");
}
#endif

TEST_F(ModesTest, BurstsFindLateBeatsInARow) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kBursts}, "modes/all_late");
}

TEST_F(ModesTest, SlowThreadFindsBoundedRetries) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kSlowThread}, "modes/bounded_retries");
}

TEST_F(ModesTest, SweepFindsUnprotectedPerProcessorData) {
  if (stress::AllowedCpus() < 2) GTEST_SKIP() << "one processor: there is nowhere to move";
  ExpectOnlyFoundBy({.sweep = true}, "modes/per_processor_mark");
}

TEST_F(ModesTest, OversubscriptionFindsSmallTable) {
  ExpectOnlyFoundBy(kPlain, "modes/eight_places", 8 * stress::AllowedCpus() - 1);
}

}  // namespace
}  // namespace heddle
