// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_BLOCKING_QUEUE_H_
#define HEDDLE_MODELS_SUBJECTS_BLOCKING_QUEUE_H_

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/blocking_queue.h"

namespace heddle {

// One place. push and pop wait, each as long as the other does not help, until the deadline; what
// timed out does not count.
template <class P>
struct BlockingQueueSubject {
  using Spec = linearizability::ClosableQueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push", .function = Spec::kPush, .arguments = {generate::kItem}},
      {.name = "try_push", .function = Spec::kTryPush, .arguments = {generate::kItem}},
      {.name = "pop", .function = Spec::kPop},
      {.name = "try_pop", .function = Spec::kTryPop},
      {.name = "close", .function = Spec::kClose},
  });
  static Spec MakeSpec() { return {.capacity = 1}; }

  BlockingQueue<int, P> queue{1};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    const Deadline deadline = P::Clock::now() + std::chrono::milliseconds(1);
    int item = static_cast<int>(call.argument);
    switch (call.function) {
      case Spec::kPush:
        return Result(queue.push_until(std::move(item), deadline), 1);
      case Spec::kTryPush:
        return Result(queue.try_push(std::move(item)), 1);
      case Spec::kPop: {
        const QueueResult result = queue.pop_until(item, deadline);
        return Result(result, item);
      }
      case Spec::kTryPop: {
        const QueueResult result = queue.try_pop(item);
        return Result(result, item);
      }
      default:
        queue.close();
        return 0;
    }
  }

 private:
  static std::optional<linearizability::Value> Result(QueueResult result,
                                                      linearizability::Value value) {
    if (result == QueueResult::kTimedOut) return std::nullopt;
    if (result == QueueResult::kOk) return value;
    return result == QueueResult::kClosed ? Spec::kClosed : Spec::kRefused;
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_BLOCKING_QUEUE_H_
