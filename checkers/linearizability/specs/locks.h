// SPDX-License-Identifier: Apache-2.0
//
// Locks and semaphores. A try that returned 0 must have had a reason; a lock that is taken is never
// refused without one. Where several are observed, `key` says which.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

// Roles that tie each release to the acquisition before it in the same process.
template <class IsRelease>
std::vector<Role> PairSections(std::span<const Operation> operations, IsRelease is_release) {
  std::vector<std::size_t> order(operations.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(operations[a].invoke, a) < std::pair(operations[b].invoke, b);
  });
  std::vector<Role> roles(operations.size());
  std::map<std::int32_t, std::vector<Value>> open;
  for (const std::size_t i : order) {
    const Operation& op = operations[i];
    std::vector<Value>& own = open[op.process];
    if (!is_release(op)) {
      if (!op.pending() && op.result == 0) continue;
      roles[i].gives = static_cast<Value>(i);
      own.push_back(roles[i].gives);
    } else if (!own.empty()) {
      roles[i] = {.needs = own.back(), .together = true};
      own.pop_back();
    }
  }
  return roles;
}

// lock(), try_lock() -> 0 or 1, unlock() by the process that holds it.
struct MutexSpec {
  static constexpr std::string_view kNames[] = {"lock", "try_lock", "unlock"};
  static constexpr bool kUsesProcess = true;
  using State = Value;  // the process that holds it, or kNone

  State Initial() const { return kNone; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kUnlock) {
      if (state != op.process) return false;
      state = kNone;
      return true;
    }
    if (state != kNone) return op.function == kTryLock && Returns(op, 0);
    if (op.function == kTryLock && !Returns(op, 1)) return false;
    state = op.process;
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function == kTryLock && Returned(op, 0); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return PairSections(operations, [](const Operation& op) { return op.function == kUnlock; });
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const {
    return FastMutex(operations);
  }
};

// lock, try_lock, unlock; lock_shared, try_lock_shared, unlock_shared. A process may hold it shared
// more than once.
struct RwLockSpec {
  enum Function : std::int32_t {
    kLock,
    kTryLock,
    kUnlock,
    kLockShared,
    kTryLockShared,
    kUnlockShared
  };
  static constexpr std::string_view kNames[] = {"lock",        "try_lock",        "unlock",
                                                "lock_shared", "try_lock_shared", "unlock_shared"};
  static constexpr bool kUsesProcess = true;
  // Whoever holds it: one writer, as ~process, or readers in order.
  using State = std::vector<Value>;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value self = op.process;
    const bool written = !state.empty() && state.front() < 0;
    switch (op.function) {
      case kUnlock:
        if (!written || state.front() != ~self) return false;
        state.clear();
        return true;
      case kUnlockShared: {
        const auto at = std::lower_bound(state.begin(), state.end(), self);
        if (at == state.end() || *at != self) return false;
        state.erase(at);
        return true;
      }
      case kLock:
      case kTryLock:
        if (!state.empty()) return op.function == kTryLock && Returns(op, 0);
        if (op.function == kTryLock && !Returns(op, 1)) return false;
        state.push_back(~self);
        return true;
      default:
        if (written) return op.function == kTryLockShared && Returns(op, 0);
        if (op.function == kTryLockShared && !Returns(op, 1)) return false;
        state.insert(std::lower_bound(state.begin(), state.end(), self), self);
        return true;
    }
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const {
    return (op.function == kTryLock || op.function == kTryLockShared) && Returned(op, 0);
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return PairSections(operations, [](const Operation& op) {
      return op.function == kUnlock || op.function == kUnlockShared;
    });
  }
};

// acquire(argument), try_acquire(argument) -> 0 or 1, release(argument); the argument is 1 if it is
// not given. A release beyond `most` is not possible; 0: no bound.
struct SemaphoreSpec {
  enum Function : std::int32_t { kAcquire, kTryAcquire, kRelease };
  static constexpr std::string_view kNames[] = {"acquire", "try_acquire", "release"};
  using State = Value;

  Value initial = 0;
  Value most = 0;

  State Initial() const { return initial; }
  bool Step(State& state, const Operation& op) const {
    const Value count = op.argument == kNone ? 1 : op.argument;
    if (op.function == kRelease) {
      if (most != 0 && state > most - count) return false;
      state += count;
      return true;
    }
    if (state < count) return op.function == kTryAcquire && Returns(op, 0);
    if (op.function == kTryAcquire && !Returns(op, 1)) return false;
    state -= count;
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function == kTryAcquire && Returned(op, 0); }
  Role RoleOf(const Operation& op) const {
    // A permit can be taken by anybody: a failed try needs each acquisition, the others each
    // release.
    return {.keep = !ReadOnly(op)};
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_
