// SPDX-License-Identifier: Apache-2.0
//
// The rendezvous of the stress harness itself.
#include <array>
#include <cstddef>

#include "checkers/scenario/scenario.h"
#include "stress/barrier.h"

namespace heddle {
namespace {

// Each sees what the others did before the barrier, and nobody is a turn ahead: what is written
// behind the second one races with no look before it.
template <class P>
struct BarrierMeets {
  static constexpr int kThreads = 2;
  stress::Barrier<P> barrier{kThreads};
  std::array<typename P::template Var<int>, kThreads> written;

  void Thread(int index) {
    const auto self = static_cast<std::size_t>(index);
    written[self].set(1);
    barrier.Wait();
    for (auto& each : written) HEDDLE_ASSERT(each.get() == 1);
    barrier.Wait();
    written[self].set(2);
  }
};

HEDDLE_SCENARIO("stress/barrier.meets", BarrierMeets);
HEDDLE_MUTANT("stress/barrier.meets", BarrierMeets, "arrival_relaxed", Verdict::kRace);
HEDDLE_MUTANT("stress/barrier.meets", BarrierMeets, "turn_relaxed", Verdict::kRace);
HEDDLE_MUTANT("stress/barrier.meets", BarrierMeets, "look_relaxed", Verdict::kRace);
HEDDLE_MUTANT("stress/barrier.meets", BarrierMeets, "no_wake",
              Verdict::kDeadlock | Verdict::kLostWakeup);

}  // namespace
}  // namespace heddle
