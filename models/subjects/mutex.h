// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_MUTEX_H_
#define HEDDLE_MODELS_SUBJECTS_MUTEX_H_

#include <array>
#include <cstddef>
#include <optional>

#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/scenario/scenario.h"
#include "primitives/mutex/futex_mutex.h"

namespace heddle {

// A lock with lock(), unlock() and perhaps try_lock(). What is wrong by itself is not called: an
// unlock by a thread that does not hold it, a second lock by one that does. Whoever holds it writes
// to a variable, and gives it back in the end.
template <class P, class Lock>
struct MutexSubject {
  using Spec = linearizability::MutexSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock", .function = linearizability::kLock},
      {.name = "try_lock", .function = linearizability::kTryLock},
      {.name = "unlock", .function = linearizability::kUnlock},
  });

  static constexpr bool kTries = requires(Lock each) { each.try_lock(); };

  Lock lock;
  typename P::template Var<int> balance{0};
  std::array<int, generate::kMostThreads + 1> entered{};
  std::array<bool, generate::kMostThreads + 1> holds{};

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    const auto index = static_cast<std::size_t>(thread);
    const bool unlocks = call.function == linearizability::kUnlock;
    if (holds[index] != unlocks) return std::nullopt;
    if (unlocks) {
      holds[index] = false;
      lock.unlock();
      return 0;
    }
    if constexpr (kTries) {
      if (call.function == linearizability::kLock) {
        lock.lock();
      } else if (!lock.try_lock()) {
        return 0;
      }
    } else {
      lock.lock();
    }
    Entered(thread);
    return 1;
  }
  void Entered(int thread) {
    const auto index = static_cast<std::size_t>(thread);
    holds[index] = true;
    ++entered[index];
    balance.set(balance.get() + 1);
  }
  std::optional<linearizability::Operation> Left(int thread) {
    if (!holds[static_cast<std::size_t>(thread)]) return std::nullopt;
    return linearizability::Operation{.function = linearizability::kUnlock};
  }
  void After() {
    int all = 0;
    for (const int count : entered) all += count;
    HEDDLE_ASSERT(balance.get() == all);
    if constexpr (kTries) HEDDLE_ASSERT(lock.try_lock());
    if constexpr (kTries) lock.unlock();
  }
};

template <class P>
using FutexMutexSubject = MutexSubject<P, FutexMutex<P>>;

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_MUTEX_H_
