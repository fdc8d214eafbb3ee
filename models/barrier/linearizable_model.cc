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
                           Verdict::kNonlinearizable);
HEDDLE_SUBJECT("barrier/latch", LatchSubject);

HEDDLE_LINEARIZABLE("barrier/latch.linearizable_meeting", LatchMeetingSubject,
                    "arrive_and_wait, try_wait | try_wait, arrive_and_wait");

constexpr generate::Text kSenseBarrier{
    "arrive_and_wait, arrive_and_wait | arrive_and_wait, arrive_and_wait"};
HEDDLE_LINEARIZABLE("barrier/sense_barrier.linearizable", SenseBarrierSubject, kSenseBarrier);
HEDDLE_LINEARIZABLE_MUTANT("barrier/sense_barrier.linearizable", SenseBarrierSubject, kSenseBarrier,
                           "arrive_not_atomic",
                           Verdict::kNonlinearizable | Verdict::kDeadlock | Verdict::kLostWakeup);

}  // namespace
}  // namespace heddle
