// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_MODELS_SUBJECTS_LOCKS_H_
#define HEDDLE_MODELS_SUBJECTS_LOCKS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "checkers/generate/program.h"
#include "checkers/generate/subject.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/scenario/scenario.h"
#include "models/subjects/mutex.h"
#include "primitives/hierarchy/lock_all.h"
#include "primitives/hierarchy/ranked_mutex.h"
#include "primitives/mutex/clh_lock.h"
#include "primitives/mutex/mcs_lock.h"
#include "primitives/mutex/recursive_mutex.h"
#include "primitives/mutex/ticket_lock.h"
#include "primitives/mutex/timed_mutex.h"
#include "primitives/mutex/ttas_lock.h"

namespace heddle {

template <class P>
using TicketLockSubject = MutexSubject<P, TicketLock<P>>;
template <class P>
using TtasLockSubject = MutexSubject<P, TtasLock<P>>;
template <class P>
using McsLockSubject = MutexSubject<P, McsLock<P>>;
template <class P>
using ClhLockSubject = MutexSubject<P, ClhLock<P>>;

// Besides, a try that waits. What has timed out does not count.
template <class P, class Lock>
struct TimedLockSubject : MutexSubject<P, Lock> {
  using Base = MutexSubject<P, Lock>;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock", .function = linearizability::kLock},
      {.name = "try_lock", .function = linearizability::kTryLock},
      {.name = "try_lock_for",
       .function = linearizability::kTryLock,
       .arguments = {generate::Among(1, 1)}},  // milliseconds
      {.name = "unlock", .function = linearizability::kUnlock},
  });

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    if (call.argument == linearizability::kNone) return Base::Do(thread, call);
    if (this->holds[static_cast<std::size_t>(thread)]) return std::nullopt;
    const Deadline deadline = P::Clock::now() + std::chrono::milliseconds(call.argument);
    if (!this->lock.try_lock_until(deadline)) return std::nullopt;
    this->Entered(thread);
    return 1;
  }
};

template <class P>
using TimedMutexSubject = TimedLockSubject<P, TimedMutex<P>>;

// Any thread may unlock, and is told when it was not its turn to.
template <class P>
struct RecursiveMutexSubject {
  using Spec = linearizability::RecursiveMutexSpec;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock", .function = linearizability::kLock},
      {.name = "try_lock", .function = linearizability::kTryLock},
      {.name = "unlock", .function = linearizability::kUnlock},
  });

  RecursiveMutex<P> lock;
  typename P::template Var<int> balance{0};
  std::array<int, generate::kMostThreads + 1> depth{};

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    int& own = depth[static_cast<std::size_t>(thread)];
    if (call.function == linearizability::kUnlock) {
      const bool unlocked = lock.unlock();
      if (unlocked) --own;
      return unlocked ? 1 : 0;
    }
    if (call.function == linearizability::kLock) {
      lock.lock();
    } else if (!lock.try_lock()) {
      return 0;
    }
    ++own;
    balance.set(balance.get() + 1);
    return 1;
  }
  std::optional<linearizability::Operation> Left(int thread) {
    if (depth[static_cast<std::size_t>(thread)] <= 0) return std::nullopt;
    return linearizability::Operation{.function = linearizability::kUnlock};
  }
};

// Two ranks. A lock that is out of order is refused; what a thread does not hold it does not
// unlock.
template <class P>
struct RankedMutexSubject {
  using Spec = linearizability::RankedMutexesSpec;
  static constexpr int kRanks = 2;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock", .function = linearizability::kLock, .arguments = {generate::KeyAmong(1, 2)}},
      {.name = "unlock",
       .function = linearizability::kUnlock,
       .arguments = {generate::KeyAmong(1, 2)}},
  });

  struct Refused {};
  [[noreturn]] static void Refuse(void* /*context*/, const RankViolation& /*violation*/) {
    throw Refused();
  }

  LockHierarchy<P> hierarchy{RankHandler{.report = Refuse}};
  RankedMutex<P> low{1, "low", hierarchy};
  RankedMutex<P> high{2, "high", hierarchy};
  std::array<typename P::template Var<int>, kRanks> balance{0, 0};
  std::array<std::array<bool, kRanks>, generate::kMostThreads + 1> holds{};

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    const auto rank = static_cast<std::size_t>(call.key - 1);
    auto& mutex = rank == 0 ? low : high;
    bool& own = holds[static_cast<std::size_t>(thread)][rank];
    if (call.function == linearizability::kUnlock) {
      if (!own) return std::nullopt;
      own = false;
      mutex.unlock();
      return 1;
    }
    try {
      mutex.lock();
    } catch (const Refused&) {
      return 0;
    }
    own = true;
    balance[rank].set(balance[rank].get() + 1);
    return 1;
  }
  std::optional<linearizability::Operation> Left(int thread) {
    for (int rank = kRanks; rank > 0; --rank) {
      if (!holds[static_cast<std::size_t>(thread)][static_cast<std::size_t>(rank - 1)]) continue;
      return linearizability::Operation{.function = linearizability::kUnlock, .key = rank};
    }
    return std::nullopt;
  }
};

// Three locks, of which a thread that holds none takes some together: a bit for each.
template <class P>
struct LockAllSubject {
  using Spec = linearizability::LockSetSpec;
  static constexpr std::size_t kLocks = 3;
  static constexpr auto kActions = std::to_array<generate::Action>({
      {.name = "lock",
       .function = linearizability::kLock,
       .arguments = {generate::Among(1, (1 << kLocks) - 1)}},
      {.name = "unlock", .function = linearizability::kUnlock},
  });

  std::array<typename P::Mutex, kLocks> locks;
  std::array<typename P::template Var<int>, kLocks> balance{0, 0, 0};
  std::array<linearizability::Value, generate::kMostThreads + 1> held{};

  std::optional<linearizability::Value> Do(int thread, const linearizability::Operation& call) {
    linearizability::Value& own = held[static_cast<std::size_t>(thread)];
    const bool unlocks = call.function == linearizability::kUnlock;
    if ((own != 0) != unlocks) return std::nullopt;
    const linearizability::Value wanted = unlocks ? own : call.argument;
    std::array<typename P::Mutex*, kLocks> chosen{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < kLocks; ++i) {
      if ((wanted >> i & 1) != 0) chosen[count++] = &locks[i];
    }
    const std::span<typename P::Mutex*> all(chosen.data(), count);
    if (unlocks) {
      own = 0;
      unlock_all(all);
      return 1;
    }
    lock_all<P>(all);
    own = wanted;
    for (std::size_t i = 0; i < kLocks; ++i) {
      if ((wanted >> i & 1) != 0) balance[i].set(balance[i].get() + 1);
    }
    return 1;
  }
  std::optional<linearizability::Operation> Left(int thread) {
    if (held[static_cast<std::size_t>(thread)] == 0) return std::nullopt;
    return linearizability::Operation{.function = linearizability::kUnlock};
  }
};

}  // namespace heddle

#endif  // HEDDLE_MODELS_SUBJECTS_LOCKS_H_
