// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_GATES_H_
#define HEDDLE_MODELS_SUBJECTS_GATES_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/gates.h"
#include "checkers/scenario/scenario.h"
#include "primitives/barrier/latch.h"
#include "primitives/barrier/sense_barrier.h"
#include "primitives/semaphore/event.h"

namespace heddle {

// One thread sets it, and shows by it what it has written before.
template <class P>
struct EventSubject {
  using Spec = linearizability::EventSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      // More than all waits of a program take.
      {.name = "set", .function = Spec::kSet, .role = 1, .gives = 100},
      {.name = "is_set", .function = Spec::kIsSet},
      {.name = "wait", .function = Spec::kWait, .gives = -1, .blocks = true},
  });

  Event<P> event;
  typename P::template Var<int> shown{0};
  bool written = false;  // by whoever sets

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == Spec::kSet) {
      if (!written) shown.set(1);
      written = true;
      event.set();
      return 0;
    }
    const bool waits = call.function == Spec::kWait;
    if (waits) event.wait();
    if (!waits && !event.is_set()) return 0;
    HEDDLE_ASSERT(shown.get() == 1);
    return waits ? 0 : 1;
  }
};

// What the two threads that arrive have written before is seen behind the latch.
template <class P>
struct Arrivals {
  std::array<typename P::template Var<int>, generate::kMostThreads> shown{0, 0, 0, 0};
  std::array<bool, generate::kMostThreads> arrived{};

  // False the second time.
  bool Arrive(int thread) {
    const auto index = static_cast<std::size_t>(thread);
    if (arrived[index]) return false;
    arrived[index] = true;
    shown[index].set(1);
    return true;
  }
  void SeeAll() {
    int seen = 0;
    for (auto& each : shown) seen += each.get();
    HEDDLE_ASSERT(seen == 2);
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
  static Spec MakeSpec() { return {.count = 2}; }

  Latch<P> latch{2};
  Arrivals<P> arrivals;

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    if (call.function == Spec::kCountDown) {
      if (thread > 1 || !arrivals.Arrive(thread)) return std::nullopt;
      latch.count_down();
      return 0;
    }
    if (call.function == Spec::kTryWait) {
      if (!latch.try_wait()) return 0;
    } else if (!latch.wait_until(P::Clock::now() + std::chrono::milliseconds(1))) {
      return std::nullopt;
    }
    arrivals.SeeAll();
    return call.function == Spec::kTryWait ? 1 : 0;
  }
};

// Two threads meet, once: another arrival does not count.
template <class P>
struct LatchMeetingSubject {
  using Spec = linearizability::LatchSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "arrive_and_wait", .function = Spec::kArriveAndWait, .meets = 2},
      {.name = "try_wait", .function = Spec::kTryWait},
  });
  static Spec MakeSpec() { return {.count = 2}; }

  Latch<P> latch{2};
  Arrivals<P> arrivals;

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    if (call.function == Spec::kTryWait) {
      if (!latch.try_wait()) return 0;
      arrivals.SeeAll();
      return 1;
    }
    if (!arrivals.Arrive(thread)) return std::nullopt;
    latch.arrive_and_wait();
    arrivals.SeeAll();
    return 0;
  }
};

// Two threads meet, phase after phase, and each sees what the other has written before.
template <class P>
struct SenseBarrierSubject {
  using Spec = linearizability::BarrierSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "arrive_and_wait", .function = Spec::kArriveAndWait, .meets = 2},
  });
  static Spec MakeSpec() { return {.processes = 2}; }

  SenseBarrier<P> barrier{2};
  // By phase, odd and even: who is in the next one may write while the other one still reads.
  std::array<std::array<typename P::template Var<int>, 2>, 2> shown{{{0, 0}, {0, 0}}};
  std::array<int, 2> phases{};  // of each thread

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& /*call*/) {
    const auto index = static_cast<std::size_t>(thread);
    const int phase = ++phases[index];
    auto& now = shown[static_cast<std::size_t>(phase % 2)];
    now[index].set(phase);
    const bool last = barrier.arrive_and_wait();
    HEDDLE_ASSERT(now[1 - index].get() == phase);
    return last ? 1 : 0;
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_GATES_H_
