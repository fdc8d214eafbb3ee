// SPDX-License-Identifier: Apache-2.0
//
// The first failure of this process; later ones are its consequences and are dropped.
#ifndef HEDDLE_STRESS_FAILURE_H_
#define HEDDLE_STRESS_FAILURE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <source_location>
#include <string_view>

#include "checkers/scenario/verdict.h"

namespace heddle::stress {

struct Failure {
  Verdict verdict = Verdict::kPass;
  std::array<char, 512> message{};
  std::source_location where;
  int group = 0;
  int thread = -1;           // -1: the scenario's constructor, After() or destructor
  std::size_t instance = 0;  // its number in the round
};

// Records it unless there was one before. Async-signal-safe, and no thread of the scenario learns
// of it through an acquire: ThreadSanitizer sees no new order.
void RecordFailure(Verdict verdict, std::string_view message, std::source_location where, int group,
                   int thread, std::size_t instance);

bool HasFailed();

// Null until a failure is completely recorded.
const Failure* FirstFailure();

// Sleeps until a failure is recorded, WakeSupervisor() is called, or the time is over.
void WaitForEvent(std::chrono::milliseconds limit);
void WakeSupervisor();

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_FAILURE_H_
