// SPDX-License-Identifier: Apache-2.0
//
// E. W. Dijkstra's dining philosophers, three of them, one meal each. A fork lies between two
// neighbours, and a meal takes both.
#include <algorithm>

#include "checkers/scenario/scenario.h"
#include "primitives/hierarchy/lock_all.h"
#include "primitives/hierarchy/ranked_mutex.h"

namespace heddle {
namespace {

constexpr int kSeats = 3;
constexpr const char* kTooLarge = "three threads that try again are beyond 20 million executions";

// Everybody takes the left fork first: all may hold one and wait for the next.
template <class P>
struct Naive {
  static constexpr int kThreads = kSeats;
  typename P::Mutex forks[kSeats];

  void Thread(int seat) {
    const Guard left(forks[seat]);
    const Guard right(forks[(seat + 1) % kSeats]);
  }
};
HEDDLE_SCENARIO_FAILS("hierarchy/philosophers.naive", Naive, Verdict::kDeadlock);

// The forks are numbered, and everybody takes the lower number first.
template <class P>
struct Ordered {
  static constexpr int kThreads = kSeats;
  using Fork = RankedMutex<P, typename P::Mutex>;
  LockHierarchy<P> hierarchy{RankHandler{
      [](void*, const RankViolation& violation) { Fail(Verdict::kAssertion, violation.lock); },
      nullptr}};
  Fork forks[kSeats] = {
      {1, "fork 1", hierarchy}, {2, "fork 2", hierarchy}, {3, "fork 3", hierarchy}};
  typename P::template Var<int> worn[kSeats] = {0, 0, 0};

  void Thread(int seat) {
    const int right = (seat + 1) % kSeats;
    const Guard first(forks[std::min(seat, right)]);
    const Guard second(forks[std::max(seat, right)]);
    worn[seat].set(worn[seat].get() + 1);
    worn[right].set(worn[right].get() + 1);
  }
  void After() {
    for (const auto& meals : worn) HEDDLE_ASSERT(meals.get() == 2);
  }
};
HEDDLE_SCENARIO("hierarchy/philosophers.ordered", Ordered);

// Whoever gets only one fork puts it back. One such philosopher is enough for all to eat: the ring
// of those who hold one fork and wait for the next is never closed.
template <class P>
struct OneBacksOff {
  static constexpr int kThreads = kSeats;
  static constexpr RelacyOptions kRelacy{.preemptions = 4, .reason = kTooLarge};
  using Fork = typename P::Mutex;
  Fork forks[kSeats];
  typename P::template Var<int> worn[kSeats] = {0, 0, 0};

  void Thread(int seat) {
    Fork& left = forks[seat];
    Fork& right = forks[(seat + 1) % kSeats];
    if (seat == 0) {
      const LockAllGuard<P, Fork, Fork> both(left, right);
      Eat(seat);
    } else {
      const Guard first(left);
      const Guard second(right);
      Eat(seat);
    }
  }
  void Eat(int seat) {
    for (int fork : {seat, (seat + 1) % kSeats}) worn[fork].set(worn[fork].get() + 1);
  }
  void After() {
    for (const auto& meals : worn) HEDDLE_ASSERT(meals.get() == 2);
  }
};
HEDDLE_SCENARIO("hierarchy/philosophers.one_backs_off", OneBacksOff);
HEDDLE_MUTANT("hierarchy/philosophers.one_backs_off", OneBacksOff, "waits_holding",
              Verdict::kDeadlock);

// All of them put it back.
template <class P>
struct BackOff {
  static constexpr int kThreads = kSeats;
  static constexpr RelacyOptions kRelacy{.preemptions = 4, .reason = kTooLarge};
  using Fork = typename P::Mutex;
  Fork forks[kSeats];
  typename P::template Var<int> worn[kSeats] = {0, 0, 0};

  void Thread(int seat) {
    const int right = (seat + 1) % kSeats;
    const LockAllGuard<P, Fork, Fork> both(forks[seat], forks[right]);
    worn[seat].set(worn[seat].get() + 1);
    worn[right].set(worn[right].get() + 1);
  }
  void After() {
    for (const auto& meals : worn) HEDDLE_ASSERT(meals.get() == 2);
  }
};
HEDDLE_SCENARIO("hierarchy/philosophers.back_off", BackOff);

}  // namespace
}  // namespace heddle
