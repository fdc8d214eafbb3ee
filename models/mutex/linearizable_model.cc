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

constexpr generate::Text kTimedMutex{"lock, unlock | try_lock_for(1), unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/timed_mutex.linearizable", TimedMutexSubject, kTimedMutex);
HEDDLE_LINEARIZABLE_MUTANT("mutex/timed_mutex.linearizable", TimedMutexSubject, kTimedMutex,
                           "timeout_is_success", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/timed_mutex", TimedMutexSubject);

constexpr generate::Text kTicketLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock,
                           "skips_a_turn",
                           Verdict::kNonlinearizable | Verdict::kDeadlock | Verdict::kLivelock |
                               Verdict::kAssertion);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ticket_lock.linearizable", TicketLockSubject, kTicketLock,
                           "draws_in_two_steps", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/ticket_lock", TicketLockSubject);

constexpr generate::Text kTtasLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/ttas_lock.linearizable", TtasLockSubject, kTtasLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/ttas_lock.linearizable", TtasLockSubject, kTtasLock,
                           "take_in_two_steps", Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/ttas_lock", TtasLockSubject);

constexpr generate::Text kMcsLock{"lock, unlock | try_lock, unlock, try_lock"};
HEDDLE_LINEARIZABLE("mutex/mcs_lock.linearizable", McsLockSubject, kMcsLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/mcs_lock.linearizable", McsLockSubject, kMcsLock, "no_wait",
                           Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/mcs_lock", McsLockSubject);

constexpr generate::Text kClhLock{"lock, unlock | lock, unlock"};
HEDDLE_LINEARIZABLE("mutex/clh_lock.linearizable", ClhLockSubject, kClhLock);
HEDDLE_LINEARIZABLE_MUTANT("mutex/clh_lock.linearizable", ClhLockSubject, kClhLock, "no_wait",
                           Verdict::kRace | Verdict::kNonlinearizable);
HEDDLE_SUBJECT("mutex/clh_lock", ClhLockSubject);

constexpr generate::Text kRecursiveMutex{"lock, try_lock, unlock | try_lock, unlock, unlock"};
HEDDLE_LINEARIZABLE("mutex/recursive_mutex.linearizable", RecursiveMutexSubject, kRecursiveMutex);
HEDDLE_LINEARIZABLE_MUTANT("mutex/recursive_mutex.linearizable", RecursiveMutexSubject,
                           kRecursiveMutex, "anybody_unlocks",
                           Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_LINEARIZABLE_MUTANT("mutex/recursive_mutex.linearizable", RecursiveMutexSubject,
                           kRecursiveMutex, "stays_owner",
                           Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_SUBJECT("mutex/recursive_mutex", RecursiveMutexSubject);

}  // namespace
}  // namespace heddle
