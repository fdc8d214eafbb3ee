// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_TWO_LOCK_QUEUE_H_
#define HEDDLE_MODELS_SUBJECTS_TWO_LOCK_QUEUE_H_

#include <array>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/two_lock_queue.h"

namespace heddle {

template <class P>
struct TwoLockQueueSubject {
  using Spec = linearizability::QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push", .function = linearizability::kPush, .arguments = {generate::kItem}},
      {.name = "pop", .function = linearizability::kPop},
  });

  TwoLockQueue<int, P, typename P::Mutex> queue;

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPush) {
      queue.push(static_cast<int>(call.argument));
      return 1;
    }
    const std::optional<int> item = queue.try_pop();
    return item ? *item : linearizability::kNone;
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_TWO_LOCK_QUEUE_H_
