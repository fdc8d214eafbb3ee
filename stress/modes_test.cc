// SPDX-License-Identifier: Apache-2.0
//
// Why each mode exists: a seeded bug that it finds and the plain mode, given the same time, does
// not. A mode that cannot be shown here does not stay. Each bug needs more than one stroke of bad
// luck, so that a busy machine, which preempts threads at random too, does not show it to the plain
// mode.
#include <sched.h>
#include <sys/resource.h>
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
#include "stress/mode.h"
#include "stress/noise.h"
#include "stress/pressure.h"
#include "stress/topology.h"

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

// Believes that a thread that was in time twice keeps its pace, but for one slip.
template <class P>
struct LosesItsPace {
  static constexpr int kThreads = 2;
  static constexpr std::uint32_t kBeats = 120;
  typename P::template Atomic<std::uint32_t> state{0};

  void Thread(int index) {
    if (index == 0) {
      for (std::uint32_t i = 1; i <= kBeats; ++i) state.store(i, std::memory_order_relaxed);
      return;
    }
    int in_time = 0;
    int late = 0;
    for (std::uint32_t last = 0;;) {
      const std::uint32_t seen = state.load(std::memory_order_relaxed);
      if (seen == kBeats) break;
      if (seen != last) {
        WorkFor(microseconds(20));
        const bool stood_still = state.load(std::memory_order_relaxed) == seen;
        if (stood_still && in_time >= 2) ++late;
        if (!stood_still) ++in_time;
        last = seen;
      }
      P::pause();
    }
    HEDDLE_ASSERT(late < 2);
  }
};

// A flag that is up for an instant again and again, and no platform operation near it. Believes
// that nobody sees it up for long ten times in 16 ms: a busy machine shows that three or four
// times.
template <class P>
struct UpForAnInstant {
  static constexpr int kThreads = 2;
  std::atomic<std::uint32_t> state{0};

  void Thread(int index) {
    constexpr std::uint32_t kTurns = 8000;
    if (index == 0) {
      for (std::uint32_t i = 1; i <= 2 * kTurns; ++i) {
        state.store(i, std::memory_order_relaxed);
        WorkFor(microseconds(1));
      }
      return;
    }
    int long_ups = 0;
    for (;;) {
      const std::uint32_t seen = state.load(std::memory_order_relaxed);
      if (seen == 2 * kTurns) break;
      if (seen % 2 == 0) continue;
      WorkFor(microseconds(20));
      if (state.load(std::memory_order_relaxed) == seen) ++long_ups;
      while (state.load(std::memory_order_relaxed) == seen) P::pause();
    }
    HEDDLE_ASSERT(long_ups < 4);
  }
};

// Believes that threads never sleep between two instances, three times in four.
template <class P>
struct StaysAwake {
  static constexpr int kThreads = 2;

  void Thread(int index) {
    thread_local long starts = 0;
    thread_local long sleeps = 0;
    thread_local long switches = 0;
    WorkFor(microseconds(index == 0 ? 1 : 10));
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    ++starts;
    if (usage.ru_nvcsw != switches) ++sleeps;
    switches = usage.ru_nvcsw;
    HEDDLE_ASSERT(starts < 1000 || sleeps < starts / 4);
  }
};

// Where both threads are, and what they are worth to the kernel.
template <class P>
struct Whereabouts {
  static constexpr int kThreads = 2;
  std::array<int, 2> cpu{};
  std::array<int, 2> nice{};
  void Thread(int index) {
    cpu[static_cast<std::size_t>(index)] = sched_getcpu();
    nice[static_cast<std::size_t>(index)] = getpriority(PRIO_PROCESS, 0);
  }
};
template <class P>
struct OnDifferentCpus : Whereabouts<P> {
  void After() { HEDDLE_ASSERT(this->cpu[0] != this->cpu[1]); }
};
template <class P>
struct OnTheSameCpu : Whereabouts<P> {
  void After() { HEDDLE_ASSERT(this->cpu[0] == this->cpu[1]); }
};
template <class P>
struct OfEqualPriority : Whereabouts<P> {
  void After() { HEDDLE_ASSERT(this->nice[0] == this->nice[1]); }
};

HEDDLE_SCENARIO_FAILS("modes/loses_its_pace", LosesItsPace, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/up_for_an_instant", UpForAnInstant, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/stays_awake", StaysAwake, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/different_cpus", OnDifferentCpus, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/same_cpu", OnTheSameCpu, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/equal_priority", OfEqualPriority, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/some_late", SomeLate, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/all_late", AllLate, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/bounded_retries", BoundedRetries, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/per_processor_mark", PerProcessorMark, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/eight_places", EightPlaces, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/parks_once", ParksOnce, Verdict::kAssertion);
HEDDLE_SCENARIO_FAILS("modes/weak_once", WeakOnce, Verdict::kAssertion);

// A find ends the run; so a mode gets much longer than the plain one, and a busy machine a chance.
constexpr double kPlainSeconds = 2;
constexpr double kSeconds = 60;

using stress::Mode;
using stress::NoiseKind;
using stress::Placement;
using stress::Pressure;
using stress::Settings;
using stress::Waiting;

std::string VerdictOf(std::string_view bug, const Mode& mode, int oversubscribe = 0,
                      double seconds = kSeconds) {
  static std::uint64_t seed = 0;
  return stress::RunIsolated(bug, Settings{.modes = {mode},
                                           .oversubscribe = oversubscribe,
                                           .seconds = seconds,
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
    // Three times in a row is no bad luck of a busy machine's any more.
    std::string plain;
    for (int i = 0; i < 3 && plain != "pass"; ++i) plain = VerdictOf(bug, kPlain, 0, kPlainSeconds);
    EXPECT_EQ(plain, "pass");
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
  ExpectOnlyFoundBy({.affinity = Placement::kSweep}, "modes/per_processor_mark");
}

TEST_F(ModesTest, PrioritiesFindALossOfPace) {
  ExpectOnlyFoundBy({.noise = NoiseKind::kPriorities}, "modes/loses_its_pace");
}

TEST_F(ModesTest, PreemptionFindsWindowsWithoutPlatformOperations) {
  // Not the plain mode's failure to find it: a busy machine preempts by itself.
  EXPECT_EQ(VerdictOf("modes/up_for_an_instant", {.pressure = Pressure::kPreempt}), "assertion");
}

TEST_F(ModesTest, ThreadsSleepBeforeTheStart) {
  EXPECT_EQ(VerdictOf("modes/stays_awake", {.waiting = Waiting::kSleep}), "assertion");
}

TEST_F(ModesTest, PlacementsAreWhatTheySay) {
  if (stress::AllowedCpus() < 2) GTEST_SKIP() << "one processor";
  EXPECT_EQ(VerdictOf("modes/different_cpus", {.affinity = Placement::kSameCpu}), "assertion");
  EXPECT_EQ(VerdictOf("modes/same_cpu", {.affinity = Placement::kSameCpu}, 0, 0.5), "pass");
  if (stress::Topology::Machine().Offers(Placement::kOtherCore)) {
    EXPECT_EQ(VerdictOf("modes/different_cpus", {.affinity = Placement::kOtherCore}, 0, 0.5),
              "pass");
  }
}

TEST_F(ModesTest, NiceMakesPrioritiesUnequal) {
  ExpectOnlyFoundBy({.pressure = Pressure::kNice}, "modes/equal_priority");
}

// Processor time of this process, of which its only other threads are the neighbours.
double ProcessSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

TEST(NeighboursTest, WorkWhileTheyAreWanted) {
  const std::atomic<pid_t> nobody{0};
  const std::atomic<std::uint64_t> progress{0};
  stress::Neighbours neighbours({{.tid = &nobody, .progress = &progress}});
  for (const Pressure pressure : {Pressure::kCpu, Pressure::kMemory}) {
    const double before = ProcessSeconds();
    neighbours.Set(pressure);
    while (ProcessSeconds() < before + 0.05) stress::SleepMicroseconds(1000);
    neighbours.Set(Pressure::kNone);
    // They finish their turn, then rest: some 10 ms in a row pass without work.
    for (;;) {
      const double then = ProcessSeconds();
      stress::SleepMicroseconds(10000);
      if (ProcessSeconds() < then + 0.001) break;
    }
  }
}

TEST_F(ModesTest, OversubscriptionFindsSmallTable) {
  ExpectOnlyFoundBy(kPlain, "modes/eight_places", 8 * stress::AllowedCpus() - 1);
}

}  // namespace
}  // namespace heddle
