// SPDX-License-Identifier: Apache-2.0
//
// A platform whose process is killed or stopped at a step of one's choice at work on shared memory:
// before any atomic operation on it, and between any two writes to the list that the kernel reads.
// Its clock jumps. Everything else is StdPlatform.
#ifndef HEDDLE_STRESS_FAULTY_SHARED_H_
#define HEDDLE_STRESS_FAULTY_SHARED_H_

#include <atomic>

#include "checkers/scenario/sim_shared.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"
#include "primitives/std_shared.h"
#include "stress/faulty_steps.h"

namespace heddle::stress {

template <class T>
using FaultyAtomic = SteppedAtomic<std::atomic<T>, T, FaultySteps>;

struct FaultySharedPlatform : StdPlatform {
  static constexpr bool kExhaustive = true;  // no spinning: each turn would be a step
  using Shared = BasicStdShared<FaultyAtomic, FaultySteps>;
  using Clock = JumpingClock;
};

static_assert(RobustPlatform<FaultySharedPlatform>);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAULTY_SHARED_H_
