// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/futex_mutex.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;

template <class P>
using FutexMutexExcludes = Excludes<P, FutexMutex<P>>;
HEDDLE_SCENARIO("mutex/futex_mutex.excludes", FutexMutexExcludes);
HEDDLE_MUTANT("mutex/futex_mutex.excludes", FutexMutexExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/futex_mutex.excludes", FutexMutexExcludes, "contended_relaxed",
              Verdict::kRace);
HEDDLE_MUTANT("mutex/futex_mutex.excludes", FutexMutexExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/futex_mutex.excludes", FutexMutexExcludes, "woken_is_owner",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("mutex/futex_mutex.excludes", FutexMutexExcludes, "no_wake", kSleepsForEver);

// With three threads two can sleep at once, and the second one's wake-up depends on the first.
template <class P>
using FutexMutexExcludes3 = Excludes<P, FutexMutex<P>, 3>;
HEDDLE_SCENARIO("mutex/futex_mutex.excludes3", FutexMutexExcludes3);
HEDDLE_MUTANT("mutex/futex_mutex.excludes3", FutexMutexExcludes3, "woken_marks_locked",
              kSleepsForEver | Verdict::kLivelock);
HEDDLE_MUTANT("mutex/futex_mutex.excludes3", FutexMutexExcludes3, "unlock_relaxed", Verdict::kRace);

template <class P>
using FutexMutexProgresses = Progresses<P, FutexMutex<P>>;
HEDDLE_SCENARIO("mutex/futex_mutex.progresses", FutexMutexProgresses);
HEDDLE_MUTANT("mutex/futex_mutex.progresses", FutexMutexProgresses, "no_wake", kSleepsForEver);

template <class P>
using FutexMutexTries = Tries<P, FutexMutex<P>>;
HEDDLE_SCENARIO("mutex/futex_mutex.tries", FutexMutexTries);
HEDDLE_MUTANT("mutex/futex_mutex.tries", FutexMutexTries, "lock_relaxed", Verdict::kRace);

template <class P>
using FutexMutexLastDestroys = LastDestroys<P, FutexMutex<P>>;
HEDDLE_SCENARIO("mutex/futex_mutex.last_destroys", FutexMutexLastDestroys);
HEDDLE_MUTANT("mutex/futex_mutex.last_destroys", FutexMutexLastDestroys, "peeks_after_unlock",
              kTouchesFreed);

}  // namespace
}  // namespace heddle
