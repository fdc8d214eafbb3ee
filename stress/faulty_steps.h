// SPDX-License-Identifier: Apache-2.0
//
// A fault at a step of one's choice, for sweeps over all steps, and a clock that jumps.
#ifndef HEDDLE_STRESS_FAULTY_STEPS_H_
#define HEDDLE_STRESS_FAULTY_STEPS_H_

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <source_location>

#include "primitives/platform.h"

namespace heddle::stress {

// What happens at the `at`-th step after arming, counted from 1. 0: nothing ever.
struct Fault {
  enum class Kind : std::uint8_t {
    kKill,   // the process dies before the step
    kStop,   // it stops before the step, until somebody continues it
    kError,  // the step fails with `error`; of steps that can fail
  };
  Kind kind = Kind::kError;
  int at = 0;
  int error = 0;
};

class FaultySteps {
 public:
  // For the calling process; its children inherit it.
  static void Arm(const Fault& fault) {
    fault_ = fault;
    steps_ = 0;
  }
  static void Disarm() { Arm({}); }
  static bool Reached() { return fault_.at != 0 && steps_ >= fault_.at; }

  // 0, or the error that the step is to fail with.
  static int Pass() {
    if (++steps_ != fault_.at) return 0;
    if (fault_.kind == Fault::Kind::kError) return fault_.error;
    ::kill(::getpid(), fault_.kind == Fault::Kind::kStop ? SIGSTOP : SIGKILL);
    return 0;
  }
  static void step(std::source_location /*where*/ = std::source_location::current()) { Pass(); }

 private:
  inline static Fault fault_;
  inline static int steps_ = 0;
};

// Jumps by `jump` at each look, forth and back in turns.
struct JumpingClock {
  inline static std::chrono::seconds jump{0};
  inline static int looks = 0;

  static Deadline now() {
    const auto real = std::chrono::steady_clock::now();
    return ++looks % 2 == 1 ? real + jump : real - jump;
  }
  static bool expired(Deadline deadline) { return deadline != kNever && now() >= deadline; }
  static std::chrono::system_clock::time_point wall() { return std::chrono::system_clock::now(); }
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAULTY_STEPS_H_
