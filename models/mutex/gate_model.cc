// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/gate.h"

namespace heddle {
namespace {

// The waiter gets through, also when it is woken for no reason, and sees what the opener wrote. It
// may destroy the gate though open() has perhaps not returned yet.
template <class P>
struct GateLetsThrough {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Gate<P>* gate = P::template create<Gate<P>>(Gate<P>::Initially::kClosed);
  typename P::template Var<int> written{0};

  void Thread(int index) {
    if (index == 0) {
      written.set(1);
      gate->open();
    } else {
      gate->wait();
      HEDDLE_ASSERT(written.get() == 1);
      P::destroy(gate);
    }
  }
};
HEDDLE_SCENARIO("mutex/gate.lets_through", GateLetsThrough);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "open_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "no_wait",
              Verdict::kRace | Verdict::kAssertion | kTouchesFreed);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "woken_goes_through",
              Verdict::kRace | Verdict::kAssertion | kTouchesFreed);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "no_wake",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "parks_in_two_steps",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/gate.lets_through", GateLetsThrough, "peeks_after_open", kTouchesFreed);

}  // namespace
}  // namespace heddle
