// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "hand_lock.h"

namespace {

template <class P>
struct Excludes {
  static constexpr int kThreads = 2;
  HandLock<P> lock;
  typename P::template Var<int> balance{0};

  void Thread(int) {
    heddle::Guard hold(lock);
    balance.set(balance.get() + 1);
  }
  void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
};

HEDDLE_SCENARIO("example/hand_lock.excludes", Excludes);
HEDDLE_MUTANT("example/hand_lock.excludes", Excludes, "unlock_relaxed", heddle::Verdict::kRace);

}  // namespace
