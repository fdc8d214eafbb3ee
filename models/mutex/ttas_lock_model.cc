// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/ttas_lock.h"

namespace heddle {
namespace {

template <class P>
using TtasLockExcludes = Excludes<P, TtasLock<P>>;
HEDDLE_SCENARIO("mutex/ttas_lock.excludes", TtasLockExcludes);
HEDDLE_MUTANT("mutex/ttas_lock.excludes", TtasLockExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ttas_lock.excludes", TtasLockExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ttas_lock.excludes", TtasLockExcludes, "take_in_two_steps",
              Verdict::kRace | Verdict::kAssertion);

template <class P>
using TtasLockExcludes3 = Excludes<P, TtasLock<P>, 3>;
HEDDLE_SCENARIO("mutex/ttas_lock.excludes3", TtasLockExcludes3);
HEDDLE_MUTANT("mutex/ttas_lock.excludes3", TtasLockExcludes3, "unlock_relaxed", Verdict::kRace);

template <class P>
using TtasLockProgresses = Progresses<P, TtasLock<P>>;
HEDDLE_SCENARIO("mutex/ttas_lock.progresses", TtasLockProgresses);
HEDDLE_MUTANT("mutex/ttas_lock.progresses", TtasLockProgresses, "stays_held",
              Verdict::kLivelock | Verdict::kDeadlock);

template <class P>
using TtasLockTries = Tries<P, TtasLock<P>>;
HEDDLE_SCENARIO("mutex/ttas_lock.tries", TtasLockTries);
HEDDLE_MUTANT("mutex/ttas_lock.tries", TtasLockTries, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/ttas_lock.tries", TtasLockTries, "take_in_two_steps",
              Verdict::kRace | Verdict::kAssertion);

template <class P>
using TtasLockLastDestroys = LastDestroys<P, TtasLock<P>>;
HEDDLE_SCENARIO("mutex/ttas_lock.last_destroys", TtasLockLastDestroys);
HEDDLE_MUTANT("mutex/ttas_lock.last_destroys", TtasLockLastDestroys, "frees_twice", kTouchesFreed);

}  // namespace
}  // namespace heddle
