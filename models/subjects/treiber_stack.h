// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_TREIBER_STACK_H_
#define HEDDLE_MODELS_SUBJECTS_TREIBER_STACK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/treiber_stack.h"

namespace heddle {

// Three places. "Empty" is true with respect to what happens before the call; "full" promises
// nothing and does not count.
template <class P>
struct TreiberStackSubject {
  using Spec = linearizability::StackSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push", .function = linearizability::kPush, .arguments = {generate::kItem}},
      {.name = "pop", .function = linearizability::kPop},
  });

  TreiberStack<int, P> stack{3, UINT32_MAX};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPush) {
      if (!stack.try_push(static_cast<int>(call.argument))) return std::nullopt;
      return 1;
    }
    const std::optional<int> item = stack.try_pop();
    return item ? *item : linearizability::kNone;
  }
};

// The indices 0, 1 and 2, of which whoever has popped one may push it.
template <class P>
struct IndexStackSubject {
  using Spec = linearizability::StackSpec;
  static constexpr std::uint32_t kIndices = 3;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push",
       .function = linearizability::kPush,
       .arguments = {generate::Among(0, kIndices - 1)}},
      {.name = "pop", .function = linearizability::kPop},
  });

  IndexStack<P> stack{kIndices, UINT32_MAX};
  // By thread; the beginning has all of them.
  std::array<std::array<bool, kIndices>, generate::kMostThreads + 1> owns{};

  IndexStackSubject() { owns[generate::kAlone].fill(true); }

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    auto& own = owns[static_cast<std::size_t>(thread)];
    if (call.function == linearizability::kPush) {
      bool& owned = own[static_cast<std::size_t>(call.argument)];
      if (!owned) return std::nullopt;
      owned = false;
      stack.push(static_cast<std::uint32_t>(call.argument));
      return 1;
    }
    const std::optional<std::uint32_t> index = stack.try_pop();
    if (!index) return linearizability::kNone;
    own[*index] = true;
    return *index;
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_TREIBER_STACK_H_
