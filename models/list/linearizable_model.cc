// SPDX-License-Identifier: Apache-2.0
//
// Lists against the sequential set.
#include "checkers/generate/subject.h"
#include "models/subjects/lists.h"

namespace heddle {
namespace {

constexpr generate::Text kCoarseList{
    "initial: insert(1), insert(2) | remove(1), insert(3) | remove(2), insert(3) | final: "
    "contains(1), contains(2)"};
HEDDLE_LINEARIZABLE("list/coarse_list.linearizable", CoarseListSubject, kCoarseList);
HEDDLE_LINEARIZABLE_MUTANT("list/coarse_list.linearizable", CoarseListSubject, kCoarseList,
                           "insert_in_two_steps", Verdict::kNonlinearizable);
HEDDLE_SUBJECT("list/coarse_list", CoarseListSubject);
HEDDLE_SUBJECT_MUTANT("list/coarse_list", CoarseListSubject, "contains_unlocked",
                      "insert_in_two_steps", "insert_unlocked", "keeps_lock", "remove_leaks",
                      "remove_unlocked");

constexpr generate::Text kHandOverHandList{
    "initial: insert(1), insert(2) | remove(1), insert(3) | remove(2), insert(3) | final: "
    "contains(1), contains(2)"};
HEDDLE_LINEARIZABLE("list/hand_over_hand_list.linearizable", HandOverHandListSubject,
                    kHandOverHandList);
HEDDLE_LINEARIZABLE_MUTANT("list/hand_over_hand_list.linearizable", HandOverHandListSubject,
                           kHandOverHandList, "lets_go_first",
                           Verdict::kNonlinearizable | Verdict::kUseAfterFree | Verdict::kRace |
                               Verdict::kDoubleFree | Verdict::kBadUnlock |
                               Verdict::kDestroyedInUse | Verdict::kDeadlock | Verdict::kLeak |
                               Verdict::kCrash);
HEDDLE_SUBJECT("list/hand_over_hand_list", HandOverHandListSubject);
HEDDLE_SUBJECT_MUTANT("list/hand_over_hand_list", HandOverHandListSubject, "insert_lets_go",
                      "keeps_all", "lets_go_first", "remove_leaks", "victim_unlocked",
                      "wrong_order");

}  // namespace
}  // namespace heddle
