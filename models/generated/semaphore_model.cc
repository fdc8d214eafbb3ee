// SPDX-License-Identifier: Apache-2.0
//
// Semaphores and events as subjects of random programs (heddle stress --generate), with their
// mutants; and the smallest programs that were found to show what some of those do wrong.
#include "checkers/generate/subject.h"
#include "models/subjects/gates.h"
#include "models/subjects/semaphores.h"

namespace heddle {
namespace {

HEDDLE_SUBJECT("semaphore/semaphore", SemaphoreSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/semaphore", SemaphoreSubject, "acquire_relaxed", "crowd_overflows",
                      "leave_stays_counted", "leave_woken", "no_wake", "not_counted",
                      "release_relaxed", "take_stays_counted", "take_unchecked",
                      "touch_after_release", "wake_one");

HEDDLE_SUBJECT("semaphore/binary_semaphore", BinarySemaphoreSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/binary_semaphore", BinarySemaphoreSubject, "acquire_relaxed",
                      "leave_stays_counted", "leave_woken", "no_wake", "not_counted",
                      "release_adds", "release_relaxed", "skip_when_available",
                      "take_stays_counted", "take_unchecked", "touch_after_release");

HEDDLE_SUBJECT("semaphore/event", EventSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/event", EventSubject, "is_set_relaxed", "no_wake", "not_marked",
                      "set_relaxed", "touch_after_set", "wait_relaxed", "wake_one");

HEDDLE_LINEARIZABLE("semaphore/event.generated", EventSubject, "set | wait");
HEDDLE_LINEARIZABLE_MUTANT("semaphore/event.generated", EventSubject, "set | wait", "no_wake",
                           Verdict::kDeadlock | Verdict::kLostWakeup);

}  // namespace
}  // namespace heddle
