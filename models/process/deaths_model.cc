// SPDX-License-Identifier: Apache-2.0
//
// A process is killed at any step: one that waits with others, or one at work on a SharedRing for
// which another one waits. Relacy looks at the executions of few preemptions; the explorer is not
// through with any of these after some hundred thousand, in minutes. It has the deaths of owners in
// robust_mutex_model.cc, which says how they come, of a waiter in two_deaths_model.cc, and at work
// on a ring in shared_ring_model.cc.
#include <cstdint>

#include "checkers/scenario/scenario.h"
#include "models/process/ring.h"
#include "primitives/process/robust_mutex.h"
#include "primitives/process/shared_ring.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;
constexpr RelacyOptions kFewPreemptions{
    .preemptions = 3, .reason = "each operation acquires the mutex up to three times"};

// Two wait for process 0, which comes back at once, and one of them dies at some step, also just
// after it was woken, while process 0 has the mutex again. The other one is not forgotten.
template <class P>
struct RobustWaiterDies {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.preemptions = 2,
                                         .reason = "three threads of up to a dozen operations"};
  RobustMutex<P> mutex;

  RobustWaiterDies() { Lock(); }  // set-up goes on as process 0
  void Lock() {
    const RobustStatus status = mutex.lock();
    HEDDLE_ASSERT(status == RobustStatus::kOk || status == RobustStatus::kOwnerDied);
    mutex.make_consistent();
  }
  void Thread(int index) {
    P::Shared::run(index == 1, [this, index] {
      if (index == 0) {
        HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
        if (mutex.try_lock() == RobustStatus::kTimedOut) return;
        mutex.make_consistent();
      } else {
        Lock();
        if (index == 1) P::Shared::die();
      }
      HEDDLE_ASSERT(mutex.unlock() == RobustStatus::kOk);
    });
  }
};

// One of two that wait for an item may die, also just after it was woken: the other one gets it.
// Each puts it back for the other. (If one died with it, there comes another.)
template <class P>
struct RingWaiterDies {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.preemptions = 1,
                                         .reason = "three threads of up to two dozen operations"};
  Ring<P, 2> ring;

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
  Ring<P, 2> ring;
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
  Ring<P, 1> ring;
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

HEDDLE_SCENARIO("process/robust_mutex.waiter_dies", RobustWaiterDies);
HEDDLE_MUTANT("process/robust_mutex.waiter_dies", RobustWaiterDies, "sleeps_unwatched",
              kSleepsForEver);
// What the C library's robust mutexes do.
HEDDLE_MUTANT("process/robust_mutex.waiter_dies", RobustWaiterDies, "bit_tells", kSleepsForEver);

HEDDLE_SCENARIO("process/shared_ring.waiter_dies", RingWaiterDies);
HEDDLE_MUTANT("process/shared_ring.waiter_dies", RingWaiterDies, "wakes_one", kSleepsForEver);

HEDDLE_SCENARIO("process/shared_ring.producer_dies", RingProducerDies);
HEDDLE_MUTANT("process/shared_ring.producer_dies", RingProducerDies, "counts_first",
              Verdict::kUninitialized | Verdict::kAssertion);
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
