// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_MPSC_QUEUE_H_
#define HEDDLE_MODELS_SUBJECTS_MPSC_QUEUE_H_

#include <array>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/mpsc_queue.h"

namespace heddle {

// One consumer. "Nothing" may be said for a push that is unfinished, and does not count. Items go
// through threads in the order of their exchanges: that is more than the order of each producer's.
template <class P>
struct MpscQueueSubject {
  using Spec = linearizability::QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push", .function = linearizability::kPush, .arguments = {generate::kItem}},
      {.name = "pop", .function = linearizability::kPop, .role = 1},
  });

  struct Item : MpscNode<P> {
    explicit Item(int number) : value(number) {}
    typename P::template Var<int> value;
  };
  MpscQueue<Item, P> queue;

  MpscQueueSubject() = default;
  MpscQueueSubject(const MpscQueueSubject&) = delete;
  MpscQueueSubject& operator=(const MpscQueueSubject&) = delete;
  ~MpscQueueSubject() {
    while (Item* item = queue.try_pop()) P::destroy(item);
  }

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPush) {
      queue.push(P::template create<Item>(static_cast<int>(call.argument)));
      return 1;
    }
    Item* const item = queue.try_pop();
    if (item == nullptr) return std::nullopt;
    const int value = item->value.get();
    P::destroy(item);
    return value;
  }
};

// The same, judged by what each producer is promised only.
template <class P>
struct MpscQueuePerProducerSubject : MpscQueueSubject<P> {
  using Spec = linearizability::PerProducerQueueSpec;
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_MPSC_QUEUE_H_
