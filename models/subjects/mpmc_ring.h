// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_MPMC_RING_H_
#define HEDDLE_MODELS_SUBJECTS_MPMC_RING_H_

#include <array>
#include <cstdint>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/mpmc_ring.h"

namespace heddle {

// Two cells; the positions wrap around after the first two pushes. "Full" and "empty" promise
// nothing while another operation is unfinished, and are left out.
template <class P>
struct MpmcRingSubject {
  using Spec = linearizability::QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push", .function = linearizability::kPush, .arguments = {generate::kItem}},
      {.name = "pop", .function = linearizability::kPop},
  });

  MpmcRing<int, P> ring{2, UINT64_MAX - 1};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPush) {
      if (!ring.try_push(static_cast<int>(call.argument))) return std::nullopt;
      return 1;
    }
    return ring.try_pop();
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_MPMC_RING_H_
