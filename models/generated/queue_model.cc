// SPDX-License-Identifier: Apache-2.0
//
// Queues and stacks as subjects of random programs (heddle stress --generate), with their mutants;
// and the smallest programs that were found to show what some of those do wrong.
#include "checkers/generate/subject.h"
#include "models/subjects/blocking_queue.h"
#include "models/subjects/mpmc_ring.h"
#include "models/subjects/mpsc_queue.h"
#include "models/subjects/spsc_ring.h"
#include "models/subjects/treiber_stack.h"
#include "models/subjects/two_lock_queue.h"

namespace heddle {
namespace {

HEDDLE_SUBJECT("queue/mpmc_ring", MpmcRingSubject);
HEDDLE_SUBJECT_MUTANT("queue/mpmc_ring", MpmcRingSubject, "claim_without_exchange",
                      "compares_without_wrap", "frees_this_lap", "pop_free_relaxed",
                      "pop_sequence_relaxed", "push_publish_relaxed", "push_sequence_relaxed");

HEDDLE_SUBJECT("queue/spsc_ring", SpscRingSubject);
HEDDLE_SUBJECT_MUTANT("queue/spsc_ring", SpscRingSubject, "empty_without_wrap", "full_one_late",
                      "full_without_wrap", "pop_head_relaxed", "pop_tail_relaxed",
                      "pop_trusts_cache", "push_head_relaxed", "push_tail_relaxed",
                      "push_trusts_cache");

HEDDLE_SUBJECT("queue/mpsc_queue", MpscQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/mpsc_queue", MpscQueueSubject, "exchange_not_acquire",
                      "hands_out_newest", "link_relaxed", "next_relaxed", "stub_pushed_twice");

HEDDLE_SUBJECT("queue/treiber_stack", TreiberStackSubject);
HEDDLE_SUBJECT_MUTANT("queue/treiber_stack", TreiberStackSubject, "frees_first", "no_tag",
                      "pop_relaxed", "push_relaxed");

HEDDLE_SUBJECT("queue/index_stack", IndexStackSubject);
HEDDLE_SUBJECT_MUTANT("queue/index_stack", IndexStackSubject, "no_tag", "pop_relaxed",
                      "push_relaxed");

HEDDLE_SUBJECT("queue/two_lock_queue", TwoLockQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/two_lock_queue", TwoLockQueueSubject, "link_relaxed", "next_relaxed",
                      "pop_without_lock", "push_without_lock", "tail_not_moved");

HEDDLE_SUBJECT("queue/blocking_queue", BlockingQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/blocking_queue", BlockingQueueSubject, "close_drops_items",
                      "close_wakes_no_popper", "close_wakes_no_pusher", "close_wakes_one",
                      "ignores_deadline", "pop_looks_once", "pop_wakes_nobody", "push_after_close",
                      "push_wakes_nobody", "wakes_only_when_it_was_empty");

HEDDLE_LINEARIZABLE("queue/mpmc_ring.generated", MpmcRingSubject, "push(1) | push(2)");
HEDDLE_LINEARIZABLE_MUTANT("queue/mpmc_ring.generated", MpmcRingSubject, "push(1) | push(2)",
                           "claim_without_exchange", Verdict::kRace);

HEDDLE_LINEARIZABLE("queue/treiber_stack.generated", TreiberStackSubject,
                    "initial: push(1) | push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/treiber_stack.generated", TreiberStackSubject,
                           "initial: push(1) | push(2) | pop", "frees_first", Verdict::kRace);

HEDDLE_LINEARIZABLE("queue/spsc_ring.generated", SpscRingSubject,
                    "initial: push(1), push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.generated", SpscRingSubject,
                           "initial: push(1), push(2) | pop", "empty_without_wrap",
                           Verdict::kNonlinearizable);

HEDDLE_LINEARIZABLE("queue/two_lock_queue.generated", TwoLockQueueSubject,
                    "initial: push(1), push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/two_lock_queue.generated", TwoLockQueueSubject,
                           "initial: push(1), push(2) | pop", "tail_not_moved",
                           Verdict::kNonlinearizable);

}  // namespace
}  // namespace heddle
