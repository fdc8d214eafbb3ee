// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_SEMAPHORES_H_
#define HEDDLE_MODELS_SUBJECTS_SEMAPHORES_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/locks.h"
#include "models/subjects/locks.h"
#include "primitives/semaphore/binary_semaphore.h"
#include "primitives/semaphore/semaphore.h"

namespace heddle {

// No permit in the beginning. A wait with a deadline that has timed out does not count.
template <class P>
struct SemaphoreSubject {
  using Spec = linearizability::SemaphoreSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "acquire", .function = Spec::kAcquire, .gives = -1, .blocks = true},
      {.name = "try_acquire", .function = Spec::kTryAcquire, .gives = -1},
      {.name = "acquire_until",
       .function = Spec::kAcquire,
       .arguments = {generate::Among(1, 1)},
       .gives = -1},
      {.name = "release",
       .function = Spec::kRelease,
       .arguments = {generate::Among(1, 2)},
       .gives = 1},
  });

  Semaphore<P> semaphore{0};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == Spec::kRelease) {
      semaphore.release(static_cast<std::uint32_t>(call.argument));
      return 0;
    }
    if (call.function == Spec::kTryAcquire) return semaphore.try_acquire() ? 1 : 0;
    if (call.argument == linearizability::kNone) {
      semaphore.acquire();
      return 1;
    }
    if (!semaphore.try_acquire_until(P::Clock::now() + std::chrono::milliseconds(1))) {
      return std::nullopt;
    }
    return 1;
  }
};

// Releases merge, so nobody can be sure of a permit: waits have a deadline.
template <class P>
struct BinarySemaphoreSubject {
  using Spec = linearizability::SemaphoreSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "acquire_until", .function = Spec::kAcquire},
      {.name = "try_acquire", .function = Spec::kTryAcquire},
      {.name = "release", .function = Spec::kRelease},
  });
  static Spec MakeSpec() { return {.initial = 0, .most = 1, .merges = true}; }

  BinarySemaphore<P> semaphore{false};

  std::optional<linearizability::Value> Do(int /*thread*/, const linearizability::Operation& call) {
    if (call.function == Spec::kRelease) {
      semaphore.release();
      return 0;
    }
    if (call.function == Spec::kTryAcquire) return semaphore.try_acquire() ? 1 : 0;
    if (!semaphore.try_acquire_until(P::Clock::now() + std::chrono::milliseconds(1))) {
      return std::nullopt;
    }
    return 1;
  }
};

// One permit, which whoever has it gives back: a lock.
template <class Semaphore>
struct PermitLock {
  Semaphore semaphore{1};

  void lock() { semaphore.acquire(); }
  void unlock() { semaphore.release(); }
  bool try_lock() { return semaphore.try_acquire(); }
  bool try_lock_until(Deadline deadline) { return semaphore.try_acquire_until(deadline); }
};

template <class P>
using SemaphoreAsLockSubject = TimedLockSubject<P, PermitLock<Semaphore<P>>>;
template <class P>
using BinarySemaphoreAsLockSubject = TimedLockSubject<P, PermitLock<BinarySemaphore<P>>>;

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_SEMAPHORES_H_
