// SPDX-License-Identifier: Apache-2.0
//
// A platform whose process is killed or stopped at a step of one's choice at work on shared memory:
// before any atomic operation on it, and between any two writes to the list that the kernel reads.
// Everything else is StdPlatform.
#ifndef HEDDLE_STRESS_FAULTY_SHARED_H_
#define HEDDLE_STRESS_FAULTY_SHARED_H_

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <source_location>

#include "checkers/scenario/sim_shared.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"
#include "primitives/std_shared.h"
#include "stress/faulty_files.h"

namespace heddle::stress {

class FaultySteps {
 public:
  // For the calling process; its children inherit it.
  static void Arm(const Fault& fault) {
    fault_ = fault;
    steps_ = 0;
  }
  static int steps() { return steps_; }

  static void step(std::source_location /*where*/ = std::source_location::current()) {
    if (++steps_ == fault_.at) {
      ::kill(::getpid(), fault_.kind == Fault::Kind::kStop ? SIGSTOP : SIGKILL);
    }
  }

 private:
  inline static Fault fault_;
  inline static int steps_ = 0;
};

template <class T>
using FaultyAtomic = SteppedAtomic<std::atomic<T>, T, FaultySteps>;

struct FaultySharedPlatform : StdPlatform {
  static constexpr bool kExhaustive = true;  // no spinning: each turn would be a step
  using Shared = BasicStdShared<FaultyAtomic, FaultySteps>;
};

static_assert(RobustPlatform<FaultySharedPlatform>);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAULTY_SHARED_H_
