// SPDX-License-Identifier: Apache-2.0
//
// Every mutex against the sequential one: in every execution, what its threads did has an order in
// which a mutex would have done the same, and a try that failed had a reason. What holds it writes
// to a variable: two at once are a race.
#include "checkers/generate/subject.h"
#include "models/subjects/locks.h"
#include "models/subjects/mutex.h"

namespace heddle {
namespace {

constexpr generate::Text kFutexMutex{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/futex_mutex.linearizable", FutexMutexSubject, kFutexMutex);
HEDDLE_LINEARIZABLE_MUTANT("mutex/futex_mutex.linearizable", FutexMutexSubject, kFutexMutex,
                           "woken_is_owner", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/futex_mutex", FutexMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/futex_mutex", FutexMutexSubject, "contended_relaxed", "lock_relaxed",
                      "no_wake", "peeks_after_unlock", "unlock_relaxed", "woken_gives_up",
                      "woken_is_owner", "woken_marks_locked");
HEDDLE_LINEARIZABLE("mutex/futex_mutex.generated", FutexMutexSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/futex_mutex.generated", FutexMutexSubject, "lock | try_lock",
                           "no_wake", Verdict::kDeadlock | Verdict::kLostWakeup);

constexpr generate::Text kTimedMutex{"lock, unlock | try_lock_for(1), unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/timed_mutex.linearizable", TimedMutexSubject, kTimedMutex);
HEDDLE_LINEARIZABLE_MUTANT("mutex/timed_mutex.linearizable", TimedMutexSubject, kTimedMutex,
                           "timeout_is_success", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/timed_mutex", TimedMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/timed_mutex", TimedMutexSubject, "timeout_is_success");

constexpr generate::Text kTicketLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock,
                           "skips_a_turn",
                           Verdict::kNonlinearizable | Verdict::kDeadlock | Verdict::kLivelock |
                               Verdict::kAssertion);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock,
                           "draws_in_two_steps", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/ticket_lock", TicketLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/ticket_lock", TicketLockSubject, "clears_ticket_late",
                      "draws_in_two_steps", "no_wait", "skips_a_turn", "try_lock_queues",
                      "try_lock_relaxed", "unlock_relaxed", "wait_relaxed");

constexpr generate::Text kTtasLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/ttas_lock.linearizable", TtasLockSubject, kTtasLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ttas_lock.linearizable", TtasLockSubject, kTtasLock,
                           "take_in_two_steps", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/ttas_lock", TtasLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/ttas_lock", TtasLockSubject, "frees_twice", "lock_relaxed",
                      "stays_held", "take_in_two_steps", "unlock_relaxed");
HEDDLE_LINEARIZABLE("mutex/ttas_lock.generated", TtasLockSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/ttas_lock.generated", TtasLockSubject, "lock | try_lock",
                           "take_in_two_steps", Verdict::kRace | Verdict::kNonlinearizable);

constexpr generate::Text kMcsLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/mcs_lock.linearizable", McsLockSubject, kMcsLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/mcs_lock.linearizable", McsLockSubject, kMcsLock, "no_wait",
                           Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/mcs_lock", McsLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/mcs_lock", McsLockSubject, "clears_link_late", "forgets_unlinked",
                      "ignores_unlinked", "join_no_acquire", "join_no_release", "keeps_link",
                      "link_relaxed", "lock_relaxed", "next_relaxed", "replace_relaxed",
                      "unlock_relaxed");
HEDDLE_LINEARIZABLE("mutex/mcs_lock.generated", McsLockSubject, "lock | try_lock");
HEDDLE_LINEARIZABLE_MUTANT("mutex/mcs_lock.generated", McsLockSubject, "lock | try_lock",
                           "ignores_unlinked", Verdict::kDeadlock | Verdict::kLivelock);

constexpr generate::Text kClhLock{"lock, unlock | lock, unlock"};
HEDDLE_LINEARIZABLE("mutex/clh_lock.linearizable", ClhLockSubject, kClhLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/clh_lock.linearizable", ClhLockSubject, kClhLock, "no_wait",
                           Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/clh_lock", ClhLockSubject);
HEDDLE_SUBJECT_MUTANT("mutex/clh_lock", ClhLockSubject, "join_no_acquire", "join_no_release",
                      "keep_relaxed", "take_relaxed", "takes_spare_in_two_steps");

constexpr generate::Text kRecursiveMutex{"lock, try_lock, unlock | try_lock, unlock, unlock"};
HEDDLE_LINEARIZABLE("mutex/recursive_mutex.linearizable", RecursiveMutexSubject, kRecursiveMutex);
HEDDLE_LINEARIZABLE_MUTANT("mutex/recursive_mutex.linearizable", RecursiveMutexSubject,
                           kRecursiveMutex, "anybody_unlocks",
                           Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_LINEARIZABLE_MUTANT("mutex/recursive_mutex.linearizable", RecursiveMutexSubject,
                           kRecursiveMutex, "stays_owner",
                           Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_SUBJECT("mutex/recursive_mutex", RecursiveMutexSubject);
HEDDLE_SUBJECT_MUTANT("mutex/recursive_mutex", RecursiveMutexSubject, "anybody_unlocks",
                      "stays_owner", "unlocks_at_once");

}  // namespace
}  // namespace heddle
