// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>

#include "checkers/scenario/scenario.h"
#include "primitives/queue/spsc_ring.h"

namespace heddle {
namespace {

constexpr std::uint32_t kBeforeWrap = UINT32_MAX;  // the second position is 0

// Two items through one slot: the producer meets "full", the consumer "empty", both meet the wrap.
template <class P>
struct SpscDelivers {
  static constexpr int kThreads = 2;
  SpscRing<int, P> ring{1, kBeforeWrap};
  void Thread(int index) {
    for (int item = 1; item <= 2; ++item) {
      if (index == 0) {
        while (!ring.try_push(item)) P::pause();
      } else {
        std::optional<int> popped;
        while (!(popped = ring.try_pop())) P::pause();
        HEDDLE_ASSERT(*popped == item);
      }
    }
  }
  void After() { HEDDLE_ASSERT(!ring.try_pop()); }
};
HEDDLE_SCENARIO("queue/spsc_ring.delivers", SpscDelivers);
HEDDLE_MUTANT("queue/spsc_ring.delivers", SpscDelivers, "push_head_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/spsc_ring.delivers", SpscDelivers, "push_tail_relaxed",
              Verdict::kRace | Verdict::kUninitialized);
HEDDLE_MUTANT("queue/spsc_ring.delivers", SpscDelivers, "pop_tail_relaxed",
              Verdict::kRace | Verdict::kUninitialized);
HEDDLE_MUTANT("queue/spsc_ring.delivers", SpscDelivers, "pop_head_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/spsc_ring.delivers", SpscDelivers, "empty_without_wrap",
              Verdict::kLivelock | Verdict::kDeadlock);

// Nobody waits: whatever was accepted comes out once and in order, and what the other side is known
// to have done before cannot be denied.
template <class P>
struct SpscTruthful {
  static constexpr int kThreads = 2;
  SpscRing<int, P> ring{2, kBeforeWrap};
  typename P::template Atomic<int> pops{0};
  typename P::template Atomic<int> pushes{1};
  int pushed = 0;  // the producer's
  int popped = 0;  // the consumer's
  SpscTruthful() {
    HEDDLE_ASSERT(!ring.try_pop());
    Push();
  }
  void Push() {
    if (ring.try_push(pushed + 1)) ++pushed;
  }
  void Pop() {
    if (const std::optional<int> item = ring.try_pop()) HEDDLE_ASSERT(*item == ++popped);
  }
  void Thread(int index) {
    if (index == 0) {
      Push();
      HEDDLE_ASSERT(pushed == 2);  // there was one item in two slots
      pushes.store(2, std::memory_order_release);
      const bool room = pops.load(std::memory_order_acquire) == 1;
      Push();
      HEDDLE_ASSERT(pushed == 3 || !room);
    } else {
      Pop();
      HEDDLE_ASSERT(popped == 1);  // the constructor's item
      pops.store(1, std::memory_order_release);
      const bool stocked = pushes.load(std::memory_order_acquire) == 2;
      Pop();
      HEDDLE_ASSERT(popped == 2 || !stocked);
    }
  }
  void After() {
    while (pushed - popped < 2) {
      const int before = pushed;
      Push();
      HEDDLE_ASSERT(pushed == before + 1);
    }
    HEDDLE_ASSERT(!ring.try_push(99));
    Pop();
    Pop();
    HEDDLE_ASSERT(popped == pushed);
    HEDDLE_ASSERT(!ring.try_pop());
  }
};
HEDDLE_SCENARIO("queue/spsc_ring.truthful", SpscTruthful);
HEDDLE_MUTANT("queue/spsc_ring.truthful", SpscTruthful, "full_one_late",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("queue/spsc_ring.truthful", SpscTruthful, "full_without_wrap",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("queue/spsc_ring.truthful", SpscTruthful, "push_trusts_cache", Verdict::kAssertion);
HEDDLE_MUTANT("queue/spsc_ring.truthful", SpscTruthful, "pop_trusts_cache", Verdict::kAssertion);

// A producer that found the ring full and a consumer that found it empty both get on.
template <class P>
struct SpscProgress {
  static constexpr int kThreads = 2;
  SpscRing<int, P> ring{1, kBeforeWrap};
  SpscProgress() {
    while (ring.try_push(1)) continue;
  }
  void Thread(int index) {
    if (index == 0) {
      while (!ring.try_push(2)) P::pause();
    } else {
      for (int item = 1; item <= 2; ++item) {
        std::optional<int> popped;
        while (!(popped = ring.try_pop())) P::pause();
        HEDDLE_ASSERT(*popped == item);
      }
    }
  }
};
HEDDLE_SCENARIO("queue/spsc_ring.progress", SpscProgress);

}  // namespace
}  // namespace heddle
