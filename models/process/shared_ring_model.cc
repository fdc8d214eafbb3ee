// SPDX-License-Identifier: Apache-2.0
//
// SharedRing, with threads as processes. More of them die in ring_deaths_model.cc.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "checkers/scenario/scenario.h"
#include "models/process/ring.h"
#include "primitives/process/shared_ring.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;
constexpr std::chrono::microseconds kPatience(50);

constexpr RelacyOptions kFewPreemptions{
    .preemptions = 4,
    .reason = "each operation acquires the mutex up to three times; the explorer searches it all"};

// Nobody dies: who waits for an item gets it.
template <class P>
struct RingDelivers {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy = kFewPreemptions;
  Ring<P, 1> ring;

  void Thread(int index) {
    P::Shared::run(false, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk);
      } else {
        HEDDLE_ASSERT(Pop(ring) == 1);
      }
    });
  }
};

// Likewise who waits for room.
template <class P>
struct RingMakesRoom {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy = kFewPreemptions;
  Ring<P, 1> ring;

  RingMakesRoom() {
    P::Shared::run(false, [this] { HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk); });
  }
  void Thread(int index) {
    P::Shared::run(false, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(ring->push(2) == RingStatus::kOk);
      } else {
        HEDDLE_ASSERT(Pop(ring) == 1);
      }
    });
  }
  void After() {
    P::Shared::run(false, [this] { HEDDLE_ASSERT(Pop(ring) == 2); });
  }
};

// A producer may die at any step, and a consumer looks at any time: the item is there whole, once,
// or it is not, and the ring goes on.
template <class P>
struct RingLeavesItWhole {
  static constexpr int kThreads = 2;
  Ring<P, 1> ring;
  typename P::template Var<bool> died{false};
  typename P::template Var<int> came{0};

  void Thread(int index) {
    if (index == 0) {
      died.set(P::Shared::run(true, [this] { HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk); }));
    } else {
      P::Shared::run(false, [this] { Look(); });
    }
  }
  void Look() {
    int item = 0;
    const RingStatus status = ring->try_pop(item);
    HEDDLE_ASSERT(status == RingStatus::kEmpty || (status == RingStatus::kOk && item == 1));
    if (status == RingStatus::kOk) came.set(came.get() + 1);
  }
  void After() {
    P::Shared::run(false, [this] {
      Look();
      HEDDLE_ASSERT(came.get() == 1 || (came.get() == 0 && died.get()));
      HEDDLE_ASSERT(ring->try_push(2) == RingStatus::kOk);
    });
  }
};

// A consumer may die at any step with an item: it comes to one of the others, or to nobody, if it
// came to the dead one.
template <class P>
struct RingTakesItOnce {
  static constexpr int kThreads = 2;
  Ring<P, 1> ring;
  typename P::template Var<bool> died{false};
  std::array<typename P::template Var<int>, 2> came{0, 0};

  RingTakesItOnce() {
    P::Shared::run(false, [this] { HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk); });
  }
  void Thread(int index) {
    const bool killed = P::Shared::run(index == 0, [this, index] {
      int item = 0;
      const RingStatus status = ring->try_pop(item);
      HEDDLE_ASSERT(status == RingStatus::kEmpty || (status == RingStatus::kOk && item == 1));
      came[static_cast<std::size_t>(index)].set(status == RingStatus::kOk ? 1 : 0);
    });
    if (index == 0) died.set(killed);
  }
  void After() {
    P::Shared::run(false, [this] {
      int item = 0;
      const int left = ring->try_pop(item) == RingStatus::kOk ? 1 : 0;
      const int total = left + came[0].get() + came[1].get();
      HEDDLE_ASSERT(total == 1 || (total == 0 && died.get()));
      HEDDLE_ASSERT(ring->try_push(2) == RingStatus::kOk);
    });
  }
};

// With a deadline: an item, or nothing and in time.
template <class P>
struct RingTimesOut {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy = kFewPreemptions;
  Ring<P, 1> ring;
  typename P::template Var<bool> got{false};

  void Thread(int index) {
    P::Shared::run(false, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk);
        return;
      }
      int item = 0;
      const RingStatus status = ring->pop(item, P::Clock::now() + kPatience);
      HEDDLE_ASSERT(status == RingStatus::kTimedOut || (status == RingStatus::kOk && item == 1));
      got.set(status == RingStatus::kOk);
    });
  }
  void After() {
    P::Shared::run(false, [this] {
      int item = 0;
      const RingStatus expected = got.get() ? RingStatus::kEmpty : RingStatus::kOk;
      HEDDLE_ASSERT(ring->try_pop(item) == expected);
    });
  }
};

HEDDLE_SCENARIO("process/shared_ring.delivers", RingDelivers);
HEDDLE_MUTANT("process/shared_ring.delivers", RingDelivers, "no_turn", kSleepsForEver);

HEDDLE_SCENARIO("process/shared_ring.makes_room", RingMakesRoom);
HEDDLE_MUTANT("process/shared_ring.makes_room", RingMakesRoom, "no_turn", kSleepsForEver);

HEDDLE_SCENARIO("process/shared_ring.leaves_it_whole", RingLeavesItWhole);
HEDDLE_MUTANT("process/shared_ring.leaves_it_whole", RingLeavesItWhole, "counts_first",
              Verdict::kUninitialized | Verdict::kAssertion);
HEDDLE_MUTANT("process/shared_ring.leaves_it_whole", RingLeavesItWhole, "does_not_mend",
              Verdict::kAssertion);

HEDDLE_SCENARIO("process/shared_ring.takes_it_once", RingTakesItOnce);
HEDDLE_MUTANT("process/shared_ring.takes_it_once", RingTakesItOnce, "counts_no_pop",
              Verdict::kAssertion);

HEDDLE_SCENARIO("process/shared_ring.times_out", RingTimesOut);
HEDDLE_MUTANT("process/shared_ring.times_out", RingTimesOut, "timeout_is_success",
              Verdict::kRace | Verdict::kAssertion | Verdict::kUninitialized);

}  // namespace
}  // namespace heddle
