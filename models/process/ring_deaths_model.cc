// SPDX-License-Identifier: Apache-2.0
//
// A process is killed at any step of its work on a SharedRing for which another one waits; how they
// die: robust_mutex_model.cc. The ring is over a mutex with less to explore (plain_robust_mutex.h);
// shared_ring_model.cc has deaths over a RobustMutex.
#include <cstdint>

#include "checkers/scenario/scenario.h"
#include "models/process/plain_robust_mutex.h"
#include "models/process/ring.h"
#include "primitives/process/shared_ring.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;
constexpr RelacyOptions kFewPreemptions{
    .preemptions = 3,
    .reason = "each operation acquires the mutex up to three times; the explorer searches it all"};

// One of two that wait for an item may die, also just after it was woken: the other one gets it.
// Each puts it back for the other. (If one died with it, there comes another.)
template <class P>
struct RingWaiterDies {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{
      .preemptions = 1,
      .reason = "three threads of up to two dozen operations; the explorer searches it all"};
  Ring<P, 2, PlainRobustMutex<P>> ring;

  void Thread(int index) {
    const bool died = P::Shared::run(index == 1, [this, index] {
      if (index == 0) return Push();
      HEDDLE_ASSERT(Pop(ring) == 1);
      Push();
    });
    if (!died) return;
    P::Shared::run(false, [this] {
      std::uint64_t items = 0;
      HEDDLE_ASSERT(ring->size(items) == RingStatus::kOk);
      if (items == 0) Push();
    });
  }
  void Push() { HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk); }
};

// A producer may die at any step, while a consumer waits. Its item is in the ring whole, and then
// the consumer gets it without another word from anybody, or it is not. When it is not, another
// producer pushes one; it notices nothing of a death.
template <class P>
struct RingProducerDies {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy = kFewPreemptions;
  static constexpr int kTheirs = 1;
  static constexpr int kOurs = 2;
  Ring<P, 2, PlainRobustMutex<P>> ring;
  typename P::template Var<int> got{0};

  void Thread(int index) {
    if (index == 1) {
      P::Shared::run(false, [this] { got.set(Pop(ring)); });
      return;
    }
    const bool died =
        P::Shared::run(true, [this] { HEDDLE_ASSERT(ring->push(kTheirs) == RingStatus::kOk); });
    if (!died) return;
    P::Shared::run(false, [this] {
      std::uint64_t items = 0;
      HEDDLE_ASSERT(ring->size(items) == RingStatus::kOk);
      if (items == 0) HEDDLE_ASSERT(ring->push(kOurs) == RingStatus::kOk);
    });
  }
  void After() { HEDDLE_ASSERT(got.get() == kTheirs || got.get() == kOurs); }
};

// A consumer may die at any step, while a producer waits for room: the producer gets it, and the
// items come once each, but for the one that the dead consumer had.
template <class P>
struct RingConsumerDies {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy = kFewPreemptions;
  Ring<P, 1, PlainRobustMutex<P>> ring;
  typename P::template Var<bool> popped{false};

  RingConsumerDies() {
    P::Shared::run(false, [this] { HEDDLE_ASSERT(ring->push(1) == RingStatus::kOk); });
  }
  void Thread(int index) {
    if (index == 1) {
      P::Shared::run(false, [this] { HEDDLE_ASSERT(ring->push(2) == RingStatus::kOk); });
      return;
    }
    const bool died = P::Shared::run(true, [this] { HEDDLE_ASSERT(Pop(ring) == 1); });
    if (!died) return;
    P::Shared::run(false, [this] {
      // Its item is still there, or it died with it, and then somebody has room.
      int item = 0;
      if (ring->try_pop(item) == RingStatus::kOk && item == 2) popped.set(true);
    });
  }
  void After() {
    if (popped.get()) return;
    P::Shared::run(false, [this] { HEDDLE_ASSERT(Pop(ring) == 2); });
  }
};

HEDDLE_SCENARIO("process/shared_ring.waiter_dies", RingWaiterDies);
HEDDLE_MUTANT("process/shared_ring.waiter_dies", RingWaiterDies, "wakes_one", kSleepsForEver);

HEDDLE_SCENARIO("process/shared_ring.producer_dies", RingProducerDies);
HEDDLE_MUTANT("process/shared_ring.producer_dies", RingProducerDies, "counts_first",
              kSleepsForEver | Verdict::kUninitialized | Verdict::kAssertion);
HEDDLE_MUTANT("process/shared_ring.producer_dies", RingProducerDies, "announces_late",
              kSleepsForEver);
HEDDLE_MUTANT("process/shared_ring.producer_dies", RingProducerDies, "forgets_first",
              kSleepsForEver);
HEDDLE_MUTANT("process/shared_ring.producer_dies", RingProducerDies, "does_not_mend",
              Verdict::kAssertion);

HEDDLE_SCENARIO("process/shared_ring.consumer_dies", RingConsumerDies);
HEDDLE_MUTANT("process/shared_ring.consumer_dies", RingConsumerDies, "announces_room_late",
              kSleepsForEver);

}  // namespace
}  // namespace heddle
