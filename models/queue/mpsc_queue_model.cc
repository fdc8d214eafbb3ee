// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "primitives/queue/mpsc_queue.h"

namespace heddle {
namespace {

template <class P>
struct MpscItem : MpscNode<P> {
  explicit MpscItem(int v) : value(v) {}
  typename P::template Var<int> value;
};

template <class P>
MpscItem<P>* Make(int value) {
  return P::template create<MpscItem<P>>(value);
}

// Pops one item that must be there, frees it at once and returns its value.
template <class P>
int Take(MpscQueue<MpscItem<P>, P>& queue) {
  MpscItem<P>* item = nullptr;
  while ((item = queue.try_pop()) == nullptr) P::pause();
  const int value = item->value.get();
  P::destroy(item);
  return value;
}

// One producer, one consumer that waits: published content, order, memory freed at once.
template <class P>
struct MpscDelivers {
  static constexpr int kThreads = 2;
  MpscQueue<MpscItem<P>, P> queue;
  void Thread(int index) {
    if (index == 0) {
      queue.push(Make<P>(1));
      queue.push(Make<P>(2));
    } else {
      HEDDLE_ASSERT(Take(queue) == 1);
    }
  }
  void After() {
    HEDDLE_ASSERT(!queue.empty());
    HEDDLE_ASSERT(Take(queue) == 2);
    HEDDLE_ASSERT(queue.empty());
    HEDDLE_ASSERT(queue.try_pop() == nullptr);
  }
};
HEDDLE_SCENARIO("queue/mpsc_queue.delivers", MpscDelivers);
HEDDLE_MUTANT("queue/mpsc_queue.delivers", MpscDelivers, "link_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpsc_queue.delivers", MpscDelivers, "next_relaxed", Verdict::kRace);
HEDDLE_MUTANT("queue/mpsc_queue.delivers", MpscDelivers, "hands_out_newest",
              Verdict::kUseAfterFree | Verdict::kAssertion | Verdict::kLivelock | Verdict::kRace);

// Two producers: every item is delivered once, each producer's in its order.
template <class P>
struct MpscProducers {
  static constexpr int kThreads = 2;
  MpscQueue<MpscItem<P>, P> queue;
  void Thread(int index) {
    queue.push(Make<P>(10 * index + 1));
    queue.push(Make<P>(10 * index + 2));
  }
  void After() {
    int next[2] = {1, 1};
    for (int i = 0; i < 4; ++i) {
      HEDDLE_ASSERT(!queue.empty());
      MpscItem<P>* const item = queue.try_pop();
      HEDDLE_ASSERT(item != nullptr);
      const int value = item->value.get();
      P::destroy(item);
      HEDDLE_ASSERT(value % 10 == next[value / 10]++);
    }
    HEDDLE_ASSERT(queue.try_pop() == nullptr);
    HEDDLE_ASSERT(queue.empty());
  }
};
HEDDLE_SCENARIO("queue/mpsc_queue.producers", MpscProducers);
HEDDLE_MUTANT_BEYOND("queue/mpsc_queue.producers", MpscProducers, "exchange_not_release",
                     Verdict::kAssertion | Verdict::kLeak | Verdict::kRace,
                     {"relacy",
                      "the item is lost only when the null stored into its link comes after the "
                      "link in modification order, which Relacy takes from the execution order"});
HEDDLE_MUTANT_BEYOND("queue/mpsc_queue.producers", MpscProducers, "exchange_not_acquire",
                     Verdict::kAssertion | Verdict::kLeak | Verdict::kRace,
                     {"relacy",
                      "the item is lost only when the null stored into its link comes after the "
                      "link in modification order, which Relacy takes from the execution order"});

// The consumer that was told "in the middle of a push" gets the item when the push is through.
template <class P>
struct MpscProgress {
  static constexpr int kThreads = 2;
  MpscQueue<MpscItem<P>, P> queue;
  void Thread(int index) {
    if (index == 0) {
      queue.push(Make<P>(1));
    } else {
      HEDDLE_ASSERT(Take(queue) == 1);
    }
  }
  void After() {
    HEDDLE_ASSERT(queue.empty());
    HEDDLE_ASSERT(queue.try_pop() == nullptr);
  }
};
HEDDLE_SCENARIO("queue/mpsc_queue.progress", MpscProgress);

// Pops that meet a push in the middle change nothing; empty() tells that something is there.
template <class P>
struct MpscMiddle {
  static constexpr int kThreads = 2;
  MpscQueue<MpscItem<P>, P> queue;
  int popped = 0;  // the consumer's
  MpscMiddle() { queue.push(Make<P>(1)); }
  void Pop() {
    if (MpscItem<P>* const item = queue.try_pop()) {
      HEDDLE_ASSERT(item->value.get() == ++popped);
      P::destroy(item);
    }
  }
  void Thread(int index) {
    if (index == 0) {
      queue.push(Make<P>(2));
    } else {
      for (int i = 0; i < 2; ++i) {
        Pop();
        HEDDLE_ASSERT(popped > 0 || !queue.empty());
      }
    }
  }
  void After() {
    while (popped < 2) {
      const int before = popped;
      Pop();
      HEDDLE_ASSERT(popped == before + 1);
    }
    HEDDLE_ASSERT(queue.try_pop() == nullptr);
    queue.push(Make<P>(3));
    Pop();
    HEDDLE_ASSERT(popped == 3);
    HEDDLE_ASSERT(queue.empty());
  }
};
HEDDLE_SCENARIO("queue/mpsc_queue.middle", MpscMiddle);
HEDDLE_MUTANT("queue/mpsc_queue.middle", MpscMiddle, "stub_pushed_twice",
              Verdict::kAssertion | Verdict::kLivelock | Verdict::kUseAfterFree);

// Two producers and the consumer at once.
template <class P>
struct MpscAtOnce {
  static constexpr int kThreads = 3;
  MpscQueue<MpscItem<P>, P> queue;
  int popped = 0;  // the consumer's
  void Thread(int index) {
    if (index < 2) {
      queue.push(Make<P>(index + 1));
    } else {
      Pop();
    }
  }
  void Pop() {
    if (MpscItem<P>* const item = queue.try_pop()) {
      popped += item->value.get();
      P::destroy(item);
    }
  }
  void After() {
    Pop();
    Pop();
    HEDDLE_ASSERT(popped == 3);
    HEDDLE_ASSERT(queue.empty());
  }
};
HEDDLE_SCENARIO("queue/mpsc_queue.at_once", MpscAtOnce);

}  // namespace
}  // namespace heddle
