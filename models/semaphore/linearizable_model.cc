// SPDX-License-Identifier: Apache-2.0
//
// Semaphores and events against the sequential ones.
#include "checkers/generate/subject.h"
#include "models/subjects/gates.h"
#include "models/subjects/semaphores.h"

namespace heddle {
namespace {

constexpr generate::Text kSemaphore{"acquire, try_acquire | release(1), release(1)"};
HEDDLE_LINEARIZABLE("semaphore/semaphore.linearizable", SemaphoreSubject, kSemaphore);
HEDDLE_LINEARIZABLE_MUTANT("semaphore/semaphore.linearizable", SemaphoreSubject, kSemaphore,
                           "no_wake", Verdict::kDeadlock | Verdict::kLostWakeup);
HEDDLE_SUBJECT("semaphore/semaphore", SemaphoreSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/semaphore", SemaphoreSubject, "acquire_relaxed", "crowd_overflows",
                      "leave_stays_counted", "leave_woken", "no_wake", "not_counted",
                      "release_relaxed", "take_stays_counted", "take_unchecked",
                      "touch_after_release", "wake_one");

constexpr generate::Text kSemaphoreLastPermit{
    "initial: release(1) | try_acquire | acquire_until(1) | final: try_acquire"};
HEDDLE_LINEARIZABLE("semaphore/semaphore.linearizable_last_permit", SemaphoreSubject,
                    kSemaphoreLastPermit);
HEDDLE_LINEARIZABLE_MUTANT("semaphore/semaphore.linearizable_last_permit", SemaphoreSubject,
                           kSemaphoreLastPermit, "take_unchecked", Verdict::kNonlinearizable);

// The first wait begins and ends before there are threads.
HEDDLE_LINEARIZABLE("semaphore/semaphore.linearizable_alone", SemaphoreSubject,
                    "initial: acquire_until(1) | try_acquire | acquire_until(1)");

HEDDLE_SUBJECT("semaphore/semaphore_as_lock", SemaphoreAsLockSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/semaphore_as_lock", SemaphoreAsLockSubject, "acquire_relaxed",
                      "crowd_overflows", "leave_stays_counted", "leave_woken", "no_wake",
                      "not_counted", "release_relaxed", "take_stays_counted", "take_unchecked",
                      "touch_after_release", "wake_one");

constexpr generate::Text kBinarySemaphore{
    "release, try_acquire | release, acquire_until | final: try_acquire, try_acquire"};
HEDDLE_LINEARIZABLE("semaphore/binary_semaphore.linearizable", BinarySemaphoreSubject,
                    kBinarySemaphore);
HEDDLE_LINEARIZABLE_MUTANT("semaphore/binary_semaphore.linearizable", BinarySemaphoreSubject,
                           kBinarySemaphore, "release_adds", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("semaphore/binary_semaphore.linearizable", BinarySemaphoreSubject,
                           kBinarySemaphore, "take_unchecked", Verdict::kNonlinearizable);
HEDDLE_SUBJECT("semaphore/binary_semaphore", BinarySemaphoreSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/binary_semaphore", BinarySemaphoreSubject, "acquire_relaxed",
                      "leave_stays_counted", "leave_woken", "no_wake", "not_counted",
                      "release_adds", "release_relaxed", "skip_when_available",
                      "take_stays_counted", "take_unchecked", "touch_after_release");

HEDDLE_SUBJECT("semaphore/binary_semaphore_as_lock", BinarySemaphoreAsLockSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/binary_semaphore_as_lock", BinarySemaphoreAsLockSubject,
                      "acquire_relaxed", "leave_stays_counted", "leave_woken", "no_wake",
                      "not_counted", "release_adds", "release_relaxed", "skip_when_available",
                      "take_stays_counted", "take_unchecked", "touch_after_release");

constexpr generate::Text kEvent{"set, is_set | is_set, wait, is_set"};
HEDDLE_LINEARIZABLE("semaphore/event.linearizable", EventSubject, kEvent);
HEDDLE_LINEARIZABLE_MUTANT("semaphore/event.linearizable", EventSubject, kEvent, "no_wake",
                           Verdict::kDeadlock | Verdict::kLostWakeup);
HEDDLE_SUBJECT("semaphore/event", EventSubject);
HEDDLE_SUBJECT_MUTANT("semaphore/event", EventSubject, "is_set_relaxed", "no_wake", "not_marked",
                      "set_relaxed", "touch_after_set", "wait_relaxed", "wake_one");
HEDDLE_LINEARIZABLE("semaphore/event.generated", EventSubject, "set | wait");
HEDDLE_LINEARIZABLE_MUTANT("semaphore/event.generated", EventSubject, "set | wait", "no_wake",
                           Verdict::kDeadlock | Verdict::kLostWakeup);

}  // namespace
}  // namespace heddle
