// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "primitives/barrier/sense_barrier.h"

namespace heddle {
namespace {

constexpr VerdictSet kStuck = Verdict::kDeadlock | Verdict::kLostWakeup | Verdict::kLivelock;

// Phases never overlap, and there is a second one: what is read between two barriers is what was
// written before the first, and is not yet overwritten by what follows the second.
template <class P>
struct Phases {
  static constexpr int kThreads = 2;
  SenseBarrier<P> barrier{kThreads};
  typename P::template Var<int> first{0};
  typename P::template Var<int> second{0};

  void Thread(int index) {
    auto& mine = index == 0 ? first : second;
    auto& other = index == 0 ? second : first;
    mine.set(1);
    barrier.arrive_and_wait();
    HEDDLE_ASSERT(other.get() == 1);
    barrier.arrive_and_wait();
    mine.set(2);
  }
};
HEDDLE_SCENARIO("barrier/sense_barrier.phases", Phases);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "arrive_not_release", Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "arrive_not_acquire", Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "open_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "no_wake", kStuck);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "not_marked", kStuck);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "late_phase", kStuck | Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "late_reset", kStuck | Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.phases", Phases, "no_reset", kStuck | Verdict::kRace);

// Exactly one thread of each phase is told that it was the last.
template <class P>
struct OneIsLast {
  static constexpr int kThreads = 2;
  SenseBarrier<P> barrier{kThreads};
  bool last[kThreads] = {};

  void Thread(int index) { last[index] = barrier.arrive_and_wait(); }
  void After() { HEDDLE_ASSERT(last[0] != last[1]); }
};
HEDDLE_SCENARIO("barrier/sense_barrier.one_is_last", OneIsLast);
HEDDLE_MUTANT("barrier/sense_barrier.one_is_last", OneIsLast, "arrive_not_atomic",
              kStuck | Verdict::kAssertion);

// Three threads: the last arrival hands on the others' data, and wakes all who sleep.
template <class P>
struct WakesAll {
  static constexpr int kThreads = 3;
  SenseBarrier<P> barrier{kThreads};
  typename P::template Var<int> first{0};
  typename P::template Var<int> second{0};

  void Thread(int index) {
    if (index == 0) first.set(1);
    if (index == 1) second.set(1);
    barrier.arrive_and_wait();
    if (index != 0) HEDDLE_ASSERT(first.get() == 1);
    if (index != 1) HEDDLE_ASSERT(second.get() == 1);
  }
};
HEDDLE_SCENARIO("barrier/sense_barrier.wakes_all", WakesAll);
HEDDLE_MUTANT("barrier/sense_barrier.wakes_all", WakesAll, "wake_one", kStuck);
HEDDLE_MUTANT("barrier/sense_barrier.wakes_all", WakesAll, "arrive_not_release", Verdict::kRace);
HEDDLE_MUTANT("barrier/sense_barrier.wakes_all", WakesAll, "arrive_not_acquire", Verdict::kRace);

}  // namespace
}  // namespace heddle
