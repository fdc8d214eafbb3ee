// SPDX-License-Identifier: Apache-2.0
//
// Latches and barriers against the sequential ones: an arrival and what it waits for are two
// instants of one call.
#include "checkers/generate/subject.h"
#include "models/subjects/gates.h"

namespace heddle {
namespace {

constexpr generate::Text kLatch{"count_down, try_wait | count_down, wait_until, try_wait"};
HEDDLE_LINEARIZABLE("barrier/latch.linearizable", LatchSubject, kLatch);
HEDDLE_LINEARIZABLE_MUTANT("barrier/latch.linearizable", LatchSubject, kLatch, "count_not_atomic",
                           Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_SUBJECT("barrier/latch", LatchSubject);
HEDDLE_SUBJECT_MUTANT("barrier/latch", LatchSubject, "count_down_relaxed", "count_not_atomic",
                      "no_wake", "not_marked", "touch_after_count_down", "try_wait_relaxed",
                      "wait_relaxed", "wake_one");

HEDDLE_LINEARIZABLE("barrier/latch.linearizable_meeting", LatchMeetingSubject,
                    "arrive_and_wait, try_wait | try_wait, arrive_and_wait");
HEDDLE_SUBJECT("barrier/latch_meeting", LatchMeetingSubject);
HEDDLE_SUBJECT_MUTANT("barrier/latch_meeting", LatchMeetingSubject, "count_down_relaxed",
                      "count_not_atomic", "no_wake", "not_marked", "try_wait_relaxed",
                      "wait_relaxed");

constexpr generate::Text kSenseBarrier{
    "arrive_and_wait, arrive_and_wait | arrive_and_wait, arrive_and_wait"};
HEDDLE_LINEARIZABLE("barrier/sense_barrier.linearizable", SenseBarrierSubject, kSenseBarrier);
HEDDLE_LINEARIZABLE_MUTANT("barrier/sense_barrier.linearizable", SenseBarrierSubject, kSenseBarrier,
                           "arrive_not_atomic",
                           Verdict::kNonlinearizable | Verdict::kRace | Verdict::kDeadlock |
                               Verdict::kLostWakeup);
HEDDLE_SUBJECT("barrier/sense_barrier", SenseBarrierSubject);
HEDDLE_SUBJECT_MUTANT("barrier/sense_barrier", SenseBarrierSubject, "arrive_not_acquire",
                      "arrive_not_atomic", "arrive_not_release", "late_phase", "late_reset",
                      "no_reset", "no_wake", "not_marked", "open_relaxed", "wait_relaxed",
                      "wake_one");

}  // namespace
}  // namespace heddle
