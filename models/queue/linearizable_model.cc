// SPDX-License-Identifier: Apache-2.0
//
// Queues and stacks against their sequential specifications: what is pushed and popped in every
// execution has an order in which a queue, or a stack, would have done the same.
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "checkers/linearizability/scenario_history.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/scenario/scenario.h"
#include "primitives/queue/mpmc_ring.h"
#include "primitives/queue/treiber_stack.h"

namespace heddle {
namespace {

using linearizability::kPop;
using linearizability::kPush;
using linearizability::Value;

// What found the container full or empty is not recorded: both may be seen while another operation
// is unfinished.
template <class Container, class History>
void Push(Container& container, History& history, int thread, int item) {
  history.Do(thread, {.function = kPush, .argument = item}, [&]() -> std::optional<Value> {
    if (!container.try_push(item)) return std::nullopt;
    return 1;
  });
}
template <class Container, class History>
void Pop(Container& container, History& history, int thread) {
  history.Do(thread, {.function = kPop}, [&]() -> std::optional<Value> {
    const auto item = container.try_pop();
    if (!item) return std::nullopt;
    return static_cast<Value>(*item);
  });
}

constexpr int kBeginning = -2;
constexpr int kEnd = -1;

// 0, 1 and 2 are stacked, 0 on top. One thread pops; the other pops two and puts the first back.
template <class P>
struct IndexStackIsLinearizable {
  static constexpr int kThreads = 2;
  IndexStack<P> stack{3, UINT32_MAX};
  linearizability::ScenarioHistory<P, linearizability::StackSpec> history;

  void Add(int thread, std::uint32_t index) {
    history.Do(thread, {.function = kPush, .argument = static_cast<Value>(index)},
               [&]() -> std::optional<Value> {
                 stack.push(index);
                 return 1;
               });
  }
  IndexStackIsLinearizable() {
    for (std::uint32_t i = 3; i > 0; --i) Add(kBeginning, i - 1);
  }
  void Thread(int thread) {
    if (thread == 0) {
      Pop(stack, history, thread);
      return;
    }
    std::optional<std::uint32_t> first;
    history.Do(thread, {.function = kPop}, [&]() -> std::optional<Value> {
      first = stack.try_pop();
      if (!first) return std::nullopt;
      return static_cast<Value>(*first);
    });
    Pop(stack, history, thread);
    if (first) Add(thread, *first);
  }
  void After() {
    for (int i = 0; i < 3; ++i) Pop(stack, history, kEnd);
    history.Check();
  }
};
HEDDLE_SCENARIO("queue/index_stack.linearizable", IndexStackIsLinearizable);
HEDDLE_MUTANT("queue/index_stack.linearizable", IndexStackIsLinearizable, "no_tag",
              Verdict::kNonlinearizable);

// Each thread pushes an item and pops one.
template <class P>
struct TreiberStackIsLinearizable {
  static constexpr int kThreads = 2;
  TreiberStack<int, P> stack{3, UINT32_MAX};
  linearizability::ScenarioHistory<P, linearizability::StackSpec> history;
  void Thread(int thread) {
    if (thread == 0) {
      Push(stack, history, thread, 1);
      Push(stack, history, thread, 2);
    } else {
      Pop(stack, history, thread);
    }
  }
  void After() {
    for (int i = 0; i < 2; ++i) Pop(stack, history, kEnd);
    history.Check();
  }
};
HEDDLE_SCENARIO("queue/treiber_stack.linearizable", TreiberStackIsLinearizable);

// Two items are in the ring, which is then full; a third goes in as they come out.
template <class P>
struct MpmcRingIsLinearizable {
  static constexpr int kThreads = 2;
  MpmcRing<int, P> ring{2, UINT64_MAX - 1};
  linearizability::ScenarioHistory<P, linearizability::QueueSpec> history;
  MpmcRingIsLinearizable() {
    Push(ring, history, kBeginning, 1);
    Push(ring, history, kBeginning, 2);
  }
  void Thread(int thread) {
    if (thread == 0) {
      Pop(ring, history, thread);
      Push(ring, history, thread, 3);
    } else {
      Pop(ring, history, thread);
    }
  }
  void After() {
    for (int i = 0; i < 3; ++i) Pop(ring, history, kEnd);
    history.Check();
  }
};
HEDDLE_SCENARIO("queue/mpmc_ring.linearizable", MpmcRingIsLinearizable);
HEDDLE_MUTANT("queue/mpmc_ring.linearizable", MpmcRingIsLinearizable, "claim_without_exchange",
              Verdict::kNonlinearizable | Verdict::kRace | Verdict::kLivelock);

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
struct TwoStepQueueIsLinearizable {
  static constexpr int kThreads = 2;
  TwoStepQueue<P> queue;
  linearizability::ScenarioHistory<P, linearizability::QueueSpec> history;
  TwoStepQueueIsLinearizable() {
    Push(queue, history, kBeginning, 1);
    Push(queue, history, kBeginning, 2);
  }
  void Thread(int thread) { Pop(queue, history, thread); }
  void After() { history.Check(); }
};
HEDDLE_SCENARIO_FAILS("queue/two_step_queue.takes_an_item_twice", TwoStepQueueIsLinearizable,
                      Verdict::kNonlinearizable);

}  // namespace
}  // namespace heddle
