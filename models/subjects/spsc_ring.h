// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_SPSC_RING_H_
#define HEDDLE_MODELS_SUBJECTS_SPSC_RING_H_

#include <array>
#include <cstdint>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/containers.h"
#include "primitives/queue/spsc_ring.h"

namespace heddle {

// Two cells; the positions wrap around after the first two pushes. Each refusal is true with
// respect to what happens before its call, but "full" and "empty" may both be late at once, in an
// order that no queue has: "empty" counts, and, where `kAll`, "full".
template <class P, bool kAll>
struct SpscRingAnySubject {
  using Spec = linearizability::QueueSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "push",
       .function = linearizability::kPush,
       .arguments = {generate::kItem},
       .role = 1},
      {.name = "pop", .function = linearizability::kPop, .role = 2},
  });
  static Spec MakeSpec() { return {.capacity = 2}; }

  SpscRing<int, P> ring{2, UINT32_MAX - 1};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == linearizability::kPush) {
      if (ring.try_push(static_cast<int>(call.argument))) return 1;
      if (kAll) return 0;
      return std::nullopt;
    }
    const std::optional<int> item = ring.try_pop();
    return item ? *item : linearizability::kNone;
  }
};

template <class P>
using SpscRingSubject = SpscRingAnySubject<P, false>;
template <class P>
using SpscRingRefusalsSubject = SpscRingAnySubject<P, true>;

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_SPSC_RING_H_
