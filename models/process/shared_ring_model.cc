// SPDX-License-Identifier: Apache-2.0
//
// SharedRing, with threads as processes. They die in deaths_model.cc.
#include <chrono>
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

HEDDLE_SCENARIO("process/shared_ring.times_out", RingTimesOut);
HEDDLE_MUTANT("process/shared_ring.times_out", RingTimesOut, "timeout_is_success",
              Verdict::kRace | Verdict::kAssertion | Verdict::kUninitialized);

}  // namespace
}  // namespace heddle
