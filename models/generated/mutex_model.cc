// SPDX-License-Identifier: Apache-2.0
//
// Mutexes as subjects of random programs (heddle stress --generate), with their mutants; and the
// smallest programs that were found to show what some of those do wrong.
#include "checkers/generate/subject.h"
#include "models/subjects/locks.h"
#include "models/subjects/mutex.h"

namespace heddle {
namespace {

HEDDLE_SUBJECT("mutex/futex_mutex", FutexMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/futex_mutex", FutexMutexSubject, "contended_relaxed", "lock_relaxed",
                      "no_wake", "peeks_after_unlock", "unlock_relaxed", "woken_gives_up",
                      "woken_is_owner", "woken_marks_locked");

HEDDLE_SUBJECT("mutex/ticket_lock", TicketLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/ticket_lock", TicketLockSubject, "clears_ticket_late",
                      "draws_in_two_steps", "no_wait", "skips_a_turn", "try_lock_queues",
                      "try_lock_relaxed", "unlock_relaxed", "wait_relaxed");

HEDDLE_SUBJECT("mutex/ttas_lock", TtasLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/ttas_lock", TtasLockSubject, "frees_twice", "lock_relaxed",
                      "stays_held", "take_in_two_steps", "unlock_relaxed");

HEDDLE_SUBJECT("mutex/mcs_lock", McsLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/mcs_lock", McsLockSubject, "clears_link_late", "forgets_unlinked",
                      "ignores_unlinked", "join_no_acquire", "join_no_release", "keeps_link",
                      "link_relaxed", "lock_relaxed", "next_relaxed", "replace_relaxed",
                      "unlock_relaxed");

HEDDLE_SUBJECT("mutex/clh_lock", ClhLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/clh_lock", ClhLockSubject, "join_no_acquire", "join_no_release",
                      "keep_relaxed", "take_relaxed", "takes_spare_in_two_steps");

HEDDLE_SUBJECT("mutex/timed_mutex", TimedMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/timed_mutex", TimedMutexSubject, "timeout_is_success");

HEDDLE_SUBJECT("mutex/recursive_mutex", RecursiveMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/recursive_mutex", RecursiveMutexSubject, "anybody_unlocks",
                      "stays_owner", "unlocks_at_once");

HEDDLE_LINEARIZABLE("mutex/futex_mutex.generated", FutexMutexSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/futex_mutex.generated", FutexMutexSubject, "lock | try_lock",
                           "no_wake", Verdict::kDeadlock | Verdict::kLostWakeup);

HEDDLE_LINEARIZABLE("mutex/ttas_lock.generated", TtasLockSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/ttas_lock.generated", TtasLockSubject, "lock | try_lock",
                           "take_in_two_steps", Verdict::kRace);

HEDDLE_LINEARIZABLE("mutex/mcs_lock.generated", McsLockSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/mcs_lock.generated", McsLockSubject, "lock | try_lock",
                           "ignores_unlinked", Verdict::kDeadlock | Verdict::kLivelock);

}  // namespace
}  // namespace heddle
