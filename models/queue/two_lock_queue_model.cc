// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <optional>

#include "checkers/scenario/scenario.h"
#include "primitives/mutex/ttas_lock.h"
#include "primitives/queue/two_lock_queue.h"

namespace heddle {
namespace {

// The two ends at once, on an empty queue: both touch the dummy.
template <class P>
struct TwoLockDelivers {
  static constexpr int kThreads = 2;
  TwoLockQueue<int, P> queue;
  void Thread(int index) {
    for (int item = 1; item <= 2; ++item) {
      if (index == 0) {
        queue.push(item);
      } else {
        std::optional<int> popped;
        while (!(popped = queue.try_pop())) P::pause();
        HEDDLE_ASSERT(*popped == item);
      }
    }
  }
  void After() { HEDDLE_ASSERT(!queue.try_pop()); }
};
HEDDLE_SCENARIO("queue/two_lock_queue.delivers", TwoLockDelivers);
HEDDLE_MUTANT("queue/two_lock_queue.delivers", TwoLockDelivers, "link_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/two_lock_queue.delivers", TwoLockDelivers, "next_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/two_lock_queue.delivers", TwoLockDelivers, "tail_not_moved",
              Verdict::kLeak | Verdict::kLivelock | Verdict::kUseAfterFree | Verdict::kAssertion);

// Two producers: nothing is lost, each one's items in order. "Empty" is the truth.
template <class P>
struct TwoLockProducers {
  static constexpr int kThreads = 2;
  TwoLockQueue<int, P> queue;
  void Thread(int index) {
    queue.push(10 * index + 1);
    queue.push(10 * index + 2);
  }
  void After() {
    int next[2] = {1, 1};
    for (int i = 0; i < 4; ++i) {
      const int item = queue.try_pop().value_or(-1);
      HEDDLE_ASSERT(item >= 0 && item % 10 == next[item / 10]++);
    }
    HEDDLE_ASSERT(!queue.try_pop());
  }
};
HEDDLE_SCENARIO("queue/two_lock_queue.producers", TwoLockProducers);
HEDDLE_MUTANT("queue/two_lock_queue.producers", TwoLockProducers, "push_without_lock",
              Verdict::kRace | Verdict::kLeak | Verdict::kAssertion);

// Two consumers and two items: each gets one.
template <class P>
struct TwoLockConsumers {
  static constexpr int kThreads = 2;
  TwoLockQueue<int, P> queue;
  std::array<int, 2> got{};
  TwoLockConsumers() {
    queue.push(1);
    queue.push(2);
  }
  void Thread(int index) { got[static_cast<std::size_t>(index)] = queue.try_pop().value_or(-1); }
  void After() {
    HEDDLE_ASSERT(got[0] + got[1] == 3 && got[0] != got[1]);
    HEDDLE_ASSERT(!queue.try_pop());
  }
};
HEDDLE_SCENARIO("queue/two_lock_queue.consumers", TwoLockConsumers);
HEDDLE_MUTANT("queue/two_lock_queue.consumers", TwoLockConsumers, "pop_without_lock",
              Verdict::kRace | Verdict::kAssertion | Verdict::kDoubleFree | Verdict::kUseAfterFree);

// Each thread pushes once and then pops once: nobody can find the queue empty.
template <class P>
struct TwoLockProgress {
  static constexpr int kThreads = 2;
  TwoLockQueue<int, P> queue;
  std::array<int, 2> got{};
  void Thread(int index) {
    queue.push(index + 1);
    const std::optional<int> item = queue.try_pop();
    HEDDLE_ASSERT(item.has_value());  // as many items were pushed as anybody has popped, and mine
    got[static_cast<std::size_t>(index)] = *item;
  }
  void After() {
    HEDDLE_ASSERT(got[0] + got[1] == 3 && got[0] != got[1]);
    HEDDLE_ASSERT(!queue.try_pop());
  }
};
HEDDLE_SCENARIO("queue/two_lock_queue.progress", TwoLockProgress);

// Over spin locks instead of the operating system's: the locks carry the hand-over between pushers.
template <class P>
struct TwoLockSpinning {
  static constexpr int kThreads = 2;
  TwoLockQueue<int, P, TtasLock<P>> queue;
  std::array<int, 2> got{};
  void Thread(int index) {
    queue.push(index + 1);
    got[static_cast<std::size_t>(index)] = queue.try_pop().value_or(-1);
  }
  void After() {
    HEDDLE_ASSERT(got[0] + got[1] == 3 && got[0] != got[1]);
    HEDDLE_ASSERT(!queue.try_pop());
  }
};
HEDDLE_SCENARIO("queue/two_lock_queue.spinning", TwoLockSpinning);

}  // namespace
}  // namespace heddle
