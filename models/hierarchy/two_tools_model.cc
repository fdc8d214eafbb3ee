// SPDX-License-Identifier: Apache-2.0
//
// Two people, two tools: each needs the hammer and the saw, and takes one after the other. The
// smallest deadlock there is, and the two ways out of it.
#include "checkers/scenario/scenario.h"
#include "primitives/hierarchy/lock_all.h"
#include "primitives/hierarchy/ranked_mutex.h"

namespace heddle {
namespace {

// One takes the hammer first, the other the saw.
template <class P>
struct Naive {
  static constexpr int kThreads = 2;
  typename P::Mutex hammer, saw;

  void Thread(int person) {
    const Guard first(person == 0 ? hammer : saw);
    const Guard second(person == 0 ? saw : hammer);
  }
};
HEDDLE_SCENARIO_FAILS("hierarchy/two_tools.naive", Naive, Verdict::kDeadlock);

// Both take the hammer first; the ranks see to it.
template <class P>
struct Ordered {
  static constexpr int kThreads = 2;
  LockHierarchy<P> hierarchy{RankHandler{
      [](void*, const RankViolation& violation) { Fail(Verdict::kAssertion, violation.lock); },
      nullptr}};
  RankedMutex<P> hammer{1, "hammer", hierarchy};
  RankedMutex<P> saw{2, "saw", hierarchy};
  typename P::template Var<int> shelves{0};

  void Thread(int) {
    const Guard first(hammer);
    const Guard second(saw);
    shelves.set(shelves.get() + 1);
  }
  void After() { HEDDLE_ASSERT(shelves.get() == kThreads); }
};
HEDDLE_SCENARIO("hierarchy/two_tools.ordered", Ordered);

// The naive order, with ranks: reported in every execution, also where the two do not meet.
template <class P>
struct Ranked {
  static constexpr int kThreads = 2;
  LockHierarchy<P> hierarchy{RankHandler{
      [](void*, const RankViolation& violation) { Fail(Verdict::kAssertion, violation.lock); },
      nullptr}};
  RankedMutex<P> hammer{1, "hammer", hierarchy};
  RankedMutex<P> saw{2, "saw", hierarchy};

  void Thread(int person) {
    const Guard first(person == 0 ? hammer : saw);
    const Guard second(person == 0 ? saw : hammer);
  }
};
HEDDLE_SCENARIO_FAILS("hierarchy/two_tools.ranked", Ranked,
                      Verdict::kAssertion | Verdict::kDeadlock);

// Each takes both or neither, in whatever order they are named.
template <class P>
struct BackOff {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.max_steps = 300};
  using Mutex = typename P::Mutex;
  Mutex hammer, saw;
  typename P::template Var<int> shelves{0};

  void Thread(int person) {
    const LockAllGuard<P, Mutex, Mutex> both(person == 0 ? hammer : saw,
                                             person == 0 ? saw : hammer);
    shelves.set(shelves.get() + 1);
  }
  void After() { HEDDLE_ASSERT(shelves.get() == kThreads); }
};
HEDDLE_SCENARIO("hierarchy/two_tools.back_off", BackOff);
HEDDLE_MUTANT("hierarchy/two_tools.back_off", BackOff, "given_order",
              Verdict::kLivelock | Verdict::kDeadlock);

}  // namespace
}  // namespace heddle
