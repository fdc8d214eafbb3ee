// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "primitives/list/coarse_list.h"

namespace heddle {
namespace {

// The example of coarse_list.h: neighbours are removed at once.
template <class P>
struct Removals {
  static constexpr int kThreads = 2;
  CoarseList<int, P> list;

  Removals() {
    for (int value : {1, 2, 3}) list.insert(value);
  }
  void Thread(int index) { HEDDLE_ASSERT(list.remove(index + 1)); }
  void After() {
    if (list.contains(1) || list.contains(2)) Fail(Verdict::kAssertion, "a removal was lost");
    HEDDLE_ASSERT(list.contains(3));
  }
};
HEDDLE_SCENARIO("list/coarse_list.removes_neighbours", Removals);
HEDDLE_MUTANT("list/coarse_list.removes_neighbours", Removals, "remove_unlocked",
              Verdict::kRace | Verdict::kUseAfterFree | Verdict::kDoubleFree | Verdict::kAssertion);
HEDDLE_MUTANT("list/coarse_list.removes_neighbours", Removals, "remove_leaks", Verdict::kLeak);

// Neighbours are inserted at once, and looked for meanwhile.
template <class P>
struct Insertions {
  static constexpr int kThreads = 3;
  CoarseList<int, P, typename P::Mutex> list;

  void Thread(int index) {
    if (index < 2) {
      HEDDLE_ASSERT(list.insert(index));
    } else {
      HEDDLE_ASSERT(!list.contains(2));
    }
  }
  void After() { HEDDLE_ASSERT(list.contains(0) && list.contains(1)); }
};
HEDDLE_SCENARIO("list/coarse_list.inserts_neighbours", Insertions);
HEDDLE_MUTANT("list/coarse_list.inserts_neighbours", Insertions, "insert_unlocked",
              Verdict::kRace | Verdict::kAssertion | Verdict::kLeak);
HEDDLE_MUTANT("list/coarse_list.inserts_neighbours", Insertions, "contains_unlocked",
              Verdict::kRace | Verdict::kAssertion);

// Of two that insert the same value one succeeds, likewise of two that remove it.
template <class P>
struct Same {
  static constexpr int kThreads = 2;
  CoarseList<int, P> list;
  int inserted[kThreads] = {};
  int removed[kThreads] = {};

  void Thread(int index) {
    inserted[index] = list.insert(1) ? 1 : 0;
    removed[index] = list.remove(1) ? 1 : 0;
  }
  void After() {
    const int insertions = inserted[0] + inserted[1];
    HEDDLE_ASSERT(insertions >= 1);
    HEDDLE_ASSERT(insertions == removed[0] + removed[1]);
    HEDDLE_ASSERT(!list.contains(1));
  }
};
HEDDLE_SCENARIO("list/coarse_list.progress", Same);
HEDDLE_MUTANT("list/coarse_list.progress", Same, "keeps_lock", Verdict::kDeadlock);

}  // namespace
}  // namespace heddle
