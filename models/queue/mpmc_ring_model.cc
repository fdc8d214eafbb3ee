// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "checkers/scenario/scenario.h"
#include "primitives/queue/mpmc_ring.h"

namespace heddle {
namespace {

constexpr std::uint64_t kBeforeWrap = UINT64_MAX;  // the second position is 0

// A full ring: the third item, at position 0, goes into the cell that the first one leaves.
template <class P>
struct MpmcReuses {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap - 1};
  MpmcReuses() {
    HEDDLE_ASSERT(ring.try_push(1) && ring.try_push(2));
    HEDDLE_ASSERT(!ring.try_push(99));
  }
  void Thread(int index) {
    if (index == 0) {
      while (!ring.try_push(3)) P::pause();
    } else {
      HEDDLE_ASSERT(ring.try_pop() == 1);
    }
  }
  void After() {
    HEDDLE_ASSERT(ring.try_pop() == 2);
    HEDDLE_ASSERT(ring.try_pop() == 3);
    HEDDLE_ASSERT(!ring.try_pop());
  }
};
HEDDLE_SCENARIO("queue/mpmc_ring.reuses", MpmcReuses);
HEDDLE_MUTANT("queue/mpmc_ring.reuses", MpmcReuses, "push_sequence_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpmc_ring.reuses", MpmcReuses, "pop_free_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpmc_ring.reuses", MpmcReuses, "frees_this_lap",
              Verdict::kAssertion | Verdict::kLivelock);
HEDDLE_MUTANT("queue/mpmc_ring.reuses", MpmcReuses, "compares_without_wrap",
              Verdict::kAssertion | Verdict::kLivelock | Verdict::kRace);

// An empty ring says so, and does not wait until it no longer is. The consumer does: it gets what
// the producer wrote.
template <class P>
struct MpmcDelivers {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  MpmcDelivers() { HEDDLE_ASSERT(!ring.try_pop()); }
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(ring.try_push(1));
    } else {
      std::optional<int> popped;
      while (!(popped = ring.try_pop())) P::pause();
      HEDDLE_ASSERT(*popped == 1);
    }
  }
  void After() { HEDDLE_ASSERT(!ring.try_pop()); }
};
HEDDLE_SCENARIO("queue/mpmc_ring.delivers", MpmcDelivers);
HEDDLE_MUTANT("queue/mpmc_ring.delivers", MpmcDelivers, "push_publish_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpmc_ring.delivers", MpmcDelivers, "pop_sequence_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpmc_ring.delivers", MpmcDelivers, "compares_without_wrap",
              Verdict::kLivelock);

// Each thread pushes one item and pops one: two producers and two consumers meet at the same cells.
template <class P>
struct MpmcExactlyOnce {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  std::array<int, 3> got{};  // each thread writes its own, After() the last
  void Thread(int index) {
    HEDDLE_ASSERT(ring.try_push(index + 1));  // two items, two cells
    got[static_cast<std::size_t>(index)] = ring.try_pop().value_or(0);
  }
  void After() {
    // At least one pop comes after both pushes, or after the pop that took the first one.
    for (int item = 1; item <= 2; ++item) {
      int times = 0;
      for (const int taken : got) times += taken == item ? 1 : 0;
      if (times == 0) {
        got[2] = ring.try_pop().value_or(0);
        HEDDLE_ASSERT(got[2] == item);
        times = 1;
      }
      HEDDLE_ASSERT(times == 1);
    }
    HEDDLE_ASSERT(!ring.try_pop());
    HEDDLE_ASSERT(ring.try_push(3) && ring.try_push(4) && !ring.try_push(5));
  }
};
HEDDLE_SCENARIO("queue/mpmc_ring.exactly_once", MpmcExactlyOnce);
HEDDLE_MUTANT("queue/mpmc_ring.exactly_once", MpmcExactlyOnce, "claim_without_exchange",
              Verdict::kRace | Verdict::kAssertion);

// Two producers into one free cell: one gets it, the other is told "full"; the consumer's side
// alike.
template <class P>
struct MpmcLastPlace {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  std::array<bool, 2> accepted{};
  MpmcLastPlace() { HEDDLE_ASSERT(ring.try_push(0)); }
  void Thread(int index) { accepted[static_cast<std::size_t>(index)] = ring.try_push(index + 1); }
  void After() {
    HEDDLE_ASSERT(accepted[0] != accepted[1]);
    HEDDLE_ASSERT(ring.try_pop() == 0);
    HEDDLE_ASSERT(ring.try_pop() == (accepted[0] ? 1 : 2));
    HEDDLE_ASSERT(!ring.try_pop());
  }
};
HEDDLE_SCENARIO("queue/mpmc_ring.last_place", MpmcLastPlace);
HEDDLE_MUTANT("queue/mpmc_ring.last_place", MpmcLastPlace, "claim_without_exchange",
              Verdict::kRace | Verdict::kAssertion);

template <class P>
struct MpmcLastItem {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  std::array<bool, 2> got{};
  MpmcLastItem() { HEDDLE_ASSERT(ring.try_push(7)); }
  void Thread(int index) {
    const std::optional<int> item = ring.try_pop();
    HEDDLE_ASSERT(!item || *item == 7);
    got[static_cast<std::size_t>(index)] = item.has_value();
  }
  void After() {
    HEDDLE_ASSERT(got[0] != got[1]);
    HEDDLE_ASSERT(!ring.try_pop());
  }
};
HEDDLE_SCENARIO("queue/mpmc_ring.last_item", MpmcLastItem);
HEDDLE_MUTANT("queue/mpmc_ring.last_item", MpmcLastItem, "claim_without_exchange",
              Verdict::kRace | Verdict::kAssertion);

// A producer that finds the ring full waits for the consumer and gets in.
template <class P>
struct MpmcProgress {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  MpmcProgress() { HEDDLE_ASSERT(ring.try_push(1) && ring.try_push(2)); }
  void Thread(int index) {
    if (index == 0) {
      while (!ring.try_push(3)) P::pause();
    } else {
      HEDDLE_ASSERT(ring.try_pop() == 1);
      HEDDLE_ASSERT(ring.try_pop() == 2);
    }
  }
  void After() { HEDDLE_ASSERT(ring.try_pop() == 3); }
};
HEDDLE_SCENARIO("queue/mpmc_ring.progress", MpmcProgress);

// The documented limit, shown: "empty" although this thread's own push has returned, because the
// other's earlier push is unfinished.
template <class P>
struct MpmcEmptyDuringPush {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, kBeforeWrap};
  void Thread(int index) {
    HEDDLE_ASSERT(ring.try_push(index));
    if (index == 0) HEDDLE_ASSERT(ring.try_pop().has_value());
  }
};
HEDDLE_SCENARIO_FAILS("queue/mpmc_ring.empty_while_a_push_is_unfinished", MpmcEmptyDuringPush,
                      Verdict::kAssertion);

}  // namespace
}  // namespace heddle
