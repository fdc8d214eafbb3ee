// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_GATES_H_
#define HEDDLE_MODELS_SUBJECTS_GATES_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/gates.h"
#include "primitives/barrier/latch.h"
#include "primitives/barrier/sense_barrier.h"
#include "primitives/semaphore/event.h"

namespace heddle {

template <class P>
struct EventSubject {
  using Spec = linearizability::EventSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      // More than all waits of a program take.
      {.name = "set", .function = Spec::kSet, .gives = 100},
      {.name = "is_set", .function = Spec::kIsSet},
      {.name = "wait", .function = Spec::kWait, .gives = -1, .blocks = true},
  });

  Event<P> event;

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == Spec::kIsSet) return event.is_set() ? 1 : 0;
    if (call.function == Spec::kSet) {
      event.set();
    } else {
      event.wait();
    }
    return 0;
  }
};

// Threads 0 and 1 may count down, once each. A wait that has timed out does not count.
template <class P>
struct LatchSubject {
  using Spec = linearizability::LatchSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "count_down", .function = Spec::kCountDown},
      {.name = "try_wait", .function = Spec::kTryWait},
      {.name = "wait_until", .function = Spec::kWait},
  });
  static constexpr std::uint32_t kCount = 2;
  static Spec MakeSpec() { return {.count = kCount}; }

  Latch<P> latch{kCount};
  std::array<bool, kCount> counted{};

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    if (call.function == Spec::kTryWait) return latch.try_wait() ? 1 : 0;
    if (call.function == Spec::kWait) {
      if (!latch.wait_until(P::Clock::now() + std::chrono::milliseconds(1))) return std::nullopt;
      return 0;
    }
    const auto index = static_cast<std::size_t>(thread);
    if (index >= kCount || counted[index]) return std::nullopt;
    counted[index] = true;
    latch.count_down();
    return 0;
  }
};

// Two threads arrive once each, in programs written for it.
template <class P>
struct LatchMeetingSubject {
  using Spec = linearizability::LatchSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "arrive_and_wait", .function = Spec::kArriveAndWait, .blocks = true},
      {.name = "try_wait", .function = Spec::kTryWait},
  });
  static Spec MakeSpec() { return {.count = 2}; }

  Latch<P> latch{2};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == Spec::kTryWait) return latch.try_wait() ? 1 : 0;
    latch.arrive_and_wait();
    return 0;
  }
};

// Two threads, which arrive as often as each other, in programs written for it.
template <class P>
struct SenseBarrierSubject {
  using Spec = linearizability::BarrierSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "arrive_and_wait", .function = Spec::kArriveAndWait, .blocks = true},
  });
  static Spec MakeSpec() { return {.processes = 2}; }

  SenseBarrier<P> barrier{2};

  std::optional<linearizability::Value> Do(int /*thread*/,
                                           const linearizability::Operation& /*call*/) {
    return barrier.arrive_and_wait() ? 1 : 0;
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_GATES_H_
