// SPDX-License-Identifier: Apache-2.0
//
// Why a list needs mutual exclusion: neighbours are removed at once, and one removal is lost.
#include <atomic>

#include "checkers/scenario/scenario.h"
#include "primitives/platform.h"

namespace heddle {
namespace {

// A list of 1, 2, 3 from which values are removed without a lock. Removed nodes stay in the array,
// so that nothing but the algorithm can go wrong.
template <class Link>
class UnlockedList {
 public:
  UnlockedList() {
    for (int value = 0; value < kNodes; ++value) next_[value].set(value + 1);
  }

  // Node 0 is the head, kNodes the end; value and index are the same.
  void remove(int value) {
    int before = 0;
    for (int next = next_[before].get(); next != value; next = next_[before].get()) before = next;
    next_[before].set(next_[value].get());
  }

  bool contains(int value) const {
    int at = 0;
    while (at < value) at = next_[at].get();
    return at == value;
  }

 private:
  static constexpr int kNodes = 4;
  Link next_[kNodes];
};

// A link without data races.
template <class P, std::memory_order kLoad, std::memory_order kStore>
class AtomicLink {
 public:
  int get() const { return node_.load(kLoad); }
  void set(int node) { node_.store(node, kStore); }

 private:
  typename P::template Atomic<int> node_{0};
};

template <class Link>
struct Removals {
  static constexpr int kThreads = 2;
  UnlockedList<Link> list;

  void Thread(int index) { list.remove(index + 1); }
  void After() {
    if (list.contains(1) || list.contains(2)) Fail(Verdict::kAssertion, "a removal was lost");
    HEDDLE_ASSERT(list.contains(3));
  }
};

template <class P>
struct PlainLinks : Removals<typename P::template Var<int>> {};
HEDDLE_SCENARIO_FAILS("list/unlocked_list.plain_links", PlainLinks,
                      Verdict::kRace | Verdict::kAssertion);

template <class P>
struct RelaxedLinks
    : Removals<AtomicLink<P, std::memory_order_relaxed, std::memory_order_relaxed>> {};
HEDDLE_SCENARIO_FAILS("list/unlocked_list.relaxed_links", RelaxedLinks, Verdict::kAssertion);

// No order of the accesses is missing; what is missing is that the two of a removal belong
// together.
template <class P>
struct OrderedLinks
    : Removals<AtomicLink<P, std::memory_order_seq_cst, std::memory_order_seq_cst>> {};
HEDDLE_SCENARIO_FAILS("list/unlocked_list.ordered_links", OrderedLinks, Verdict::kAssertion);

}  // namespace
}  // namespace heddle
