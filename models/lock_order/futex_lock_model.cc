// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/runtime/futex_lock.h"
#include "checkers/scenario/scenario.h"
#include "models/lock_order/seam.h"
#include "models/mutex/lock_scenarios.h"

namespace heddle {
namespace {

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;

template <class P>
using Lock = lock_order::BasicFutexLock<RecorderSeam<P>>;

template <class P>
using LockExcludes = Excludes<P, Lock<P>>;
HEDDLE_SCENARIO("analyzer/futex_lock.excludes", LockExcludes);
HEDDLE_MUTANT("analyzer/futex_lock.excludes", LockExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/futex_lock.excludes", LockExcludes, "contended_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/futex_lock.excludes", LockExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/futex_lock.excludes", LockExcludes, "no_wake", kSleepsForEver);

// Two sleep at once; the second one's wake-up depends on the first.
template <class P>
using LockExcludes3 = Excludes<P, Lock<P>, 3>;
HEDDLE_SCENARIO("analyzer/futex_lock.excludes3", LockExcludes3);
HEDDLE_MUTANT("analyzer/futex_lock.excludes3", LockExcludes3, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/futex_lock.excludes3", LockExcludes3, "no_wake", kSleepsForEver);

}  // namespace
}  // namespace heddle
