// SPDX-License-Identifier: Apache-2.0
//
// Queues and stacks against their sequential specifications: what is pushed and popped in every
// execution has an order in which a queue, or a stack, would have done the same.
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "checkers/generate/subject.h"
#include "checkers/linearizability/specs/containers.h"
#include "models/subjects/blocking_queue.h"
#include "models/subjects/mpmc_ring.h"
#include "models/subjects/mpsc_queue.h"
#include "models/subjects/spsc_ring.h"
#include "models/subjects/treiber_stack.h"
#include "models/subjects/two_lock_queue.h"

namespace heddle {
namespace {

constexpr generate::Text kSpscRing{
    "initial: push(1) | push(2), push(3), push(4) | pop, pop, pop | final: pop"};
HEDDLE_LINEARIZABLE("queue/spsc_ring.linearizable", SpscRingSubject, kSpscRing);
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.linearizable", SpscRingSubject, kSpscRing,
                           "full_one_late", Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.linearizable", SpscRingSubject, kSpscRing,
                           "empty_without_wrap", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.linearizable", SpscRingSubject, kSpscRing,
                           "full_without_wrap", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.linearizable", SpscRingSubject, kSpscRing,
                           "pop_trusts_cache", Verdict::kNonlinearizable);
HEDDLE_SUBJECT("queue/spsc_ring", SpscRingSubject);
HEDDLE_SUBJECT_MUTANT("queue/spsc_ring", SpscRingSubject, "empty_without_wrap", "full_one_late",
                      "full_without_wrap", "pop_head_relaxed", "pop_tail_relaxed",
                      "pop_trusts_cache", "push_head_relaxed", "push_tail_relaxed",
                      "push_trusts_cache");
HEDDLE_LINEARIZABLE("queue/spsc_ring.generated", SpscRingSubject,
                    "initial: push(1), push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/spsc_ring.generated", SpscRingSubject,
                           "initial: push(1), push(2) | pop", "empty_without_wrap",
                           Verdict::kRace | Verdict::kNonlinearizable);

// The producer has not heard of the pop when it finds the ring full, nor the consumer of the push
// when it finds it empty: store buffering, which a queue does not do.
HEDDLE_LINEARIZABLE_FAILS("queue/spsc_ring.full_and_empty_at_once", SpscRingRefusalsSubject,
                          "initial: push(1) | push(2), push(3) | pop, pop",
                          Verdict::kNonlinearizable);

// Two items are in the ring, which is then full; a third goes in as they come out.
constexpr generate::Text kMpmcRing{
    "initial: push(1), push(2) | pop, push(3) | pop | final: pop, pop"};
HEDDLE_LINEARIZABLE("queue/mpmc_ring.linearizable", MpmcRingSubject, kMpmcRing);
HEDDLE_LINEARIZABLE_MUTANT("queue/mpmc_ring.linearizable", MpmcRingSubject, kMpmcRing,
                           "claim_without_exchange",
                           Verdict::kNonlinearizable | Verdict::kRace | Verdict::kLivelock);
HEDDLE_SUBJECT("queue/mpmc_ring", MpmcRingSubject);
HEDDLE_SUBJECT_MUTANT("queue/mpmc_ring", MpmcRingSubject, "claim_without_exchange",
                      "compares_without_wrap", "frees_this_lap", "pop_free_relaxed",
                      "pop_sequence_relaxed", "push_publish_relaxed", "push_sequence_relaxed");
HEDDLE_LINEARIZABLE("queue/mpmc_ring.generated", MpmcRingSubject, "push(1) | push(2)");
HEDDLE_LINEARIZABLE_MUTANT("queue/mpmc_ring.generated", MpmcRingSubject, "push(1) | push(2)",
                           "claim_without_exchange", Verdict::kRace | Verdict::kNonlinearizable);

constexpr generate::Text kMpscQueue{"push(1), push(2) | push(3), pop | final: pop, pop"};
HEDDLE_LINEARIZABLE("queue/mpsc_queue.linearizable", MpscQueueSubject, kMpscQueue);
HEDDLE_LINEARIZABLE_MUTANT("queue/mpsc_queue.linearizable", MpscQueueSubject, kMpscQueue,
                           "hands_out_newest",
                           Verdict::kNonlinearizable | Verdict::kUseAfterFree |
                               Verdict::kDoubleFree);
HEDDLE_SUBJECT("queue/mpsc_queue", MpscQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/mpsc_queue", MpscQueueSubject, "exchange_not_acquire",
                      "hands_out_newest", "link_relaxed", "next_relaxed", "stub_pushed_twice");

HEDDLE_LINEARIZABLE("queue/mpsc_queue.linearizable_per_producer", MpscQueuePerProducerSubject,
                    "push(1), push(2) | push(3), pop | final: pop, pop");

constexpr generate::Text kTwoLockQueue{"push(1), pop | push(2), pop | final: pop"};
HEDDLE_LINEARIZABLE("queue/two_lock_queue.linearizable", TwoLockQueueSubject, kTwoLockQueue);
HEDDLE_LINEARIZABLE_MUTANT("queue/two_lock_queue.linearizable", TwoLockQueueSubject, kTwoLockQueue,
                           "tail_not_moved", Verdict::kNonlinearizable | Verdict::kUseAfterFree);
HEDDLE_SUBJECT("queue/two_lock_queue", TwoLockQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/two_lock_queue", TwoLockQueueSubject, "link_relaxed", "next_relaxed",
                      "pop_without_lock", "push_without_lock", "tail_not_moved");
HEDDLE_LINEARIZABLE("queue/two_lock_queue.generated", TwoLockQueueSubject,
                    "initial: push(1), push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/two_lock_queue.generated", TwoLockQueueSubject,
                           "initial: push(1), push(2) | pop", "tail_not_moved",
                           Verdict::kRace | Verdict::kNonlinearizable);

constexpr generate::Text kBlockingQueue{"push(1), try_push(2), close | try_pop, pop"};
HEDDLE_LINEARIZABLE("queue/blocking_queue.linearizable", BlockingQueueSubject, kBlockingQueue);
HEDDLE_LINEARIZABLE_MUTANT("queue/blocking_queue.linearizable", BlockingQueueSubject,
                           kBlockingQueue, "close_drops_items", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("queue/blocking_queue.linearizable", BlockingQueueSubject,
                           kBlockingQueue, "pop_looks_once", Verdict::kNonlinearizable);
HEDDLE_SUBJECT("queue/blocking_queue", BlockingQueueSubject);
HEDDLE_SUBJECT_MUTANT("queue/blocking_queue", BlockingQueueSubject, "close_drops_items",
                      "close_wakes_no_popper", "close_wakes_no_pusher", "close_wakes_one",
                      "ignores_deadline", "pop_looks_once", "pop_wakes_nobody", "push_after_close",
                      "push_wakes_nobody", "wakes_only_when_it_was_empty");

constexpr generate::Text kTreiberStack{"push(1), push(2) | pop | final: pop, pop"};
HEDDLE_LINEARIZABLE("queue/treiber_stack.linearizable", TreiberStackSubject, kTreiberStack);
HEDDLE_LINEARIZABLE_MUTANT("queue/treiber_stack.linearizable", TreiberStackSubject, kTreiberStack,
                           "frees_first", Verdict::kNonlinearizable | Verdict::kRace);
HEDDLE_SUBJECT("queue/treiber_stack", TreiberStackSubject);
HEDDLE_SUBJECT_MUTANT("queue/treiber_stack", TreiberStackSubject, "frees_first", "no_tag",
                      "pop_relaxed", "push_relaxed");
HEDDLE_LINEARIZABLE("queue/treiber_stack.generated", TreiberStackSubject,
                    "initial: push(1) | push(2) | pop");
HEDDLE_LINEARIZABLE_MUTANT("queue/treiber_stack.generated", TreiberStackSubject,
                           "initial: push(1) | push(2) | pop", "frees_first",
                           Verdict::kRace | Verdict::kNonlinearizable);

// 0, 1 and 2 are stacked, 0 on top. One thread pops; the other pops two and puts the first back.
constexpr generate::Text kIndexStack{
    "initial: push(2), push(1), push(0) | pop | pop, pop, push(0) | final: pop, pop, pop"};
HEDDLE_LINEARIZABLE("queue/index_stack.linearizable", IndexStackSubject, kIndexStack);
HEDDLE_LINEARIZABLE_MUTANT("queue/index_stack.linearizable", IndexStackSubject, kIndexStack,
                           "no_tag", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("queue/index_stack.linearizable", IndexStackSubject, kIndexStack,
                           "push_relaxed", Verdict::kNonlinearizable);
HEDDLE_LINEARIZABLE_MUTANT("queue/index_stack.linearizable", IndexStackSubject, kIndexStack,
                           "pop_relaxed", Verdict::kNonlinearizable);
HEDDLE_SUBJECT("queue/index_stack", IndexStackSubject);
HEDDLE_SUBJECT_MUTANT("queue/index_stack", IndexStackSubject, "no_tag", "pop_relaxed",
                      "push_relaxed");

// A queue whose pop takes an item in two steps: two pops can take the same one. All of it is
// atomic, so there is no race, and nothing is lost or out of bounds: only the order is impossible.
template <class P>
struct TwoStepQueue {
  std::array<typename P::template Atomic<int>, 3> items;
  typename P::template Atomic<std::uint32_t> head{0};
  typename P::template Atomic<std::uint32_t> tail{0};
  bool try_push(int item) {  // by one thread
    const std::uint32_t at = tail.load(std::memory_order_relaxed);
    items[at].store(item, std::memory_order_relaxed);
    tail.store(at + 1, std::memory_order_release);
    return true;
  }
  std::optional<int> try_pop() {
    const std::uint32_t at = head.load(std::memory_order_acquire);
    if (at == tail.load(std::memory_order_acquire)) return std::nullopt;
    const int item = items[at].load(std::memory_order_relaxed);
    head.store(at + 1, std::memory_order_release);
    return item;
  }
};

template <class P>
struct TwoStepQueueSubject {
  using Spec = linearizability::QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push",
       .function = linearizability::kPush,
       .arguments = {generate::kItem},
       .role = 1},
      {.name = "pop", .function = linearizability::kPop},
  });

  TwoStepQueue<P> queue;

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPop) return queue.try_pop();
    return queue.try_push(static_cast<int>(call.argument)) ? 1 : 0;
  }
};
HEDDLE_LINEARIZABLE_FAILS("queue/two_step_queue.takes_an_item_twice", TwoStepQueueSubject,
                          "initial: push(1), push(2) | pop | pop", Verdict::kNonlinearizable);

}  // namespace
}  // namespace heddle
