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

// A lock with lock(), try_lock() and unlock(). What is wrong by itself is not called: an unlock by
// a thread that does not hold it, a second lock by one that does. Whoever holds it writes to a
// variable, and gives it back in the end. That a try found it taken is left out: it may have failed
// because of a try that did.
template <class P, class Lock>
struct MutexSubject {
  using Spec = linearizability::MutexSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock", .function = linearizability::kLock},
      {.name = "try_lock", .function = linearizability::kTryLock},
      {.name = "unlock", .function = linearizability::kUnlock},
  });

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
    if (call.function == linearizability::kLock) {
      lock.lock();
    } else if (!lock.try_lock()) {
      return std::nullopt;
    }
    holds[index] = true;
    ++entered[index];
    balance.set(balance.get() + 1);
    return 1;
  }
  std::optional<linearizability::Operation> Left(int thread) {
    if (!holds[static_cast<std::size_t>(thread)]) return std::nullopt;
    return linearizability::Operation{.function = linearizability::kUnlock};
  }
  void After() {
    int all = 0;
    for (const int count : entered) all += count;
    HEDDLE_ASSERT(balance.get() == all);
    HEDDLE_ASSERT(lock.try_lock());
    lock.unlock();
  }
};

template <class P>
using FutexMutexSubject = MutexSubject<P, FutexMutex<P>>;

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_MUTEX_H_
