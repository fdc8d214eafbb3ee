// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/scenario.h"
#include "primitives/list/hand_over_hand_list.h"

namespace heddle {
namespace {

// P::Mutex keeps the searches small, and knows when it is destroyed in use.
template <class P>
using List = HandOverHandList<int, P, typename P::Mutex>;

// What becomes of two threads in one node: all of these happen.
constexpr VerdictSet kBroken = Verdict::kRace | Verdict::kUseAfterFree | Verdict::kDoubleFree |
                               Verdict::kDestroyedInUse | Verdict::kBadUnlock |
                               Verdict::kAssertion | Verdict::kLeak | Verdict::kDeadlock;

// The example of coarse_list.h: neighbours are removed at once.
template <class P>
struct Removals {
  static constexpr int kThreads = 2;
  List<P> list;

  Removals() {
    for (int value : {1, 2, 3}) list.insert(value);
  }
  void Thread(int index) { HEDDLE_ASSERT(list.remove(index + 1)); }
  void After() {
    if (list.contains(1) || list.contains(2)) Fail(Verdict::kAssertion, "a removal was lost");
    HEDDLE_ASSERT(list.contains(3));
  }
};
HEDDLE_SCENARIO("list/hand_over_hand_list.removes_neighbours", Removals);
HEDDLE_MUTANT("list/hand_over_hand_list.removes_neighbours", Removals, "victim_unlocked", kBroken);
HEDDLE_MUTANT("list/hand_over_hand_list.removes_neighbours", Removals, "lets_go_first", kBroken);
HEDDLE_MUTANT("list/hand_over_hand_list.removes_neighbours", Removals, "remove_leaks",
              Verdict::kLeak);

// A value is inserted behind the one that is removed.
template <class P>
struct InsertBehindRemoved {
  static constexpr int kThreads = 2;
  List<P> list;

  InsertBehindRemoved() {
    for (int value : {1, 3}) list.insert(value);
  }
  void Thread(int index) { HEDDLE_ASSERT(index == 0 ? list.remove(1) : list.insert(2)); }
  void After() {
    HEDDLE_ASSERT(!list.contains(1));
    HEDDLE_ASSERT(list.contains(2) && list.contains(3));
  }
};
HEDDLE_SCENARIO("list/hand_over_hand_list.inserts_behind_removed", InsertBehindRemoved);
HEDDLE_MUTANT("list/hand_over_hand_list.inserts_behind_removed", InsertBehindRemoved,
              "insert_lets_go", kBroken);
HEDDLE_MUTANT("list/hand_over_hand_list.inserts_behind_removed", InsertBehindRemoved,
              "victim_unlocked", kBroken);

// Threads that cross the whole list come through, whatever happens before and behind them.
template <class P>
struct Progress {
  static constexpr int kThreads = 2;
  List<P> list;

  Progress() {
    for (int value : {1, 2}) list.insert(value);
  }
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(list.remove(2));
    } else {
      HEDDLE_ASSERT(!list.contains(3));
      HEDDLE_ASSERT(list.contains(1));
    }
  }
};
HEDDLE_SCENARIO("list/hand_over_hand_list.progress", Progress);
HEDDLE_MUTANT("list/hand_over_hand_list.progress", Progress, "keeps_all", Verdict::kDeadlock);
HEDDLE_MUTANT("list/hand_over_hand_list.progress", Progress, "wrong_order", Verdict::kDeadlock);

// Of two that insert the same value one succeeds, likewise of two that remove it.
template <class P>
struct Same {
  static constexpr int kThreads = 2;
  List<P> list;
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
HEDDLE_SCENARIO("list/hand_over_hand_list.inserts_once", Same);
HEDDLE_MUTANT("list/hand_over_hand_list.inserts_once", Same, "insert_lets_go", kBroken);

}  // namespace
}  // namespace heddle
