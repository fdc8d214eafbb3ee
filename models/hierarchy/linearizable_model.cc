// SPDX-License-Identifier: Apache-2.0
//
// Locks with ranks, and several locks at once, against the sequential ones.
#include "checkers/generate/subject.h"
#include "models/subjects/locks.h"

namespace heddle {
namespace {

constexpr generate::Text kRankedMutex{"lock(1), unlock(1), lock(1), lock(2) | lock(2), lock(1)"};
HEDDLE_LINEARIZABLE("hierarchy/ranked_mutex.linearizable", RankedMutexSubject, kRankedMutex);
HEDDLE_LINEARIZABLE_MUTANT("hierarchy/ranked_mutex.linearizable", RankedMutexSubject, kRankedMutex,
                           "never_leaves", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("hierarchy/ranked_mutex.linearizable", RankedMutexSubject, kRankedMutex,
                           "leaves_late", Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_LINEARIZABLE("hierarchy/ranked_mutex.linearizable_alone", RankedMutexSubject,
                    "initial: lock(2), lock(1) | lock(1) | final: lock(1), lock(1)");
HEDDLE_SUBJECT("hierarchy/ranked_mutex", RankedMutexSubject);
HEDDLE_SUBJECT_MUTANT("hierarchy/ranked_mutex", RankedMutexSubject, "checks_late", "equal_allowed",
                      "leaves_late", "leaves_top", "never_leaves", "timed_unchecked",
                      "try_untracked", "unsorted");

constexpr generate::Text kLockAll{"lock(3), unlock | lock(6)"};
HEDDLE_LINEARIZABLE("hierarchy/lock_all.linearizable", LockAllSubject, kLockAll);
HEDDLE_LINEARIZABLE_MUTANT("hierarchy/lock_all.linearizable", LockAllSubject, kLockAll,
                           "ignores_failure",
                           Verdict::kNonlinearizable | Verdict::kRace | Verdict::kBadUnlock);
HEDDLE_SUBJECT("hierarchy/lock_all", LockAllSubject);
HEDDLE_SUBJECT_MUTANT("hierarchy/lock_all", LockAllSubject, "given_order", "ignores_failure",
                      "keeps_held", "never_rotates", "rotates_for_ever", "waits_holding");

}  // namespace
}  // namespace heddle
