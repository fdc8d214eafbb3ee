// SPDX-License-Identifier: Apache-2.0
//
// Locks and semaphores. A try that returned 0 must have had a reason; a lock that is taken is never
// refused without one. Where several are observed, `key` says which.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/roles.h"
#include "checkers/linearizability/spec.h"
#include "checkers/linearizability/specs/cells.h"

namespace heddle::linearizability {

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
    return CellRoles(operations, kNone, [&](const Operation& op) {
      const bool unlock = op.function == kUnlock;
      return CellUse{.cell = op.key,
                     .asks = ReadOnly(op) ? CellUse::Asks::kThatItIsNot : CellUse::Asks::kThatItIs,
                     .asked = unlock ? op.process : kNone,
                     .sets = !ReadOnly(op),
                     .left = unlock ? kNone : op.process};
    });
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
    return SectionRoles(operations, [&](const Operation& op) {
      const bool release = op.function == kUnlock || op.function == kUnlockShared;
      return release        ? SectionUse::kRelease
             : ReadOnly(op) ? SectionUse::kRefused
                            : SectionUse::kAcquire;
    });
  }
};

// A mutex that its holder may take again, `most` times in all (0: no bound), and gives back as
// often: lock(), try_lock() -> 0 or 1, unlock() -> 0 where the process does not hold it.
struct RecursiveMutexSpec {
  static constexpr std::string_view kNames[] = {"lock", "try_lock", "unlock"};
  static constexpr bool kUsesProcess = true;
  using State = std::pair<Value, Value>;  // the process that holds it, or kNone, and how often

  Value most = 0;

  State Initial() const { return {kNone, 0}; }
  bool Step(State& state, const Operation& op) const {
    auto& [holder, depth] = state;
    if (op.function == kUnlock) {
      if (holder != op.process) return Returns(op, 0);
      if (--depth == 0) holder = kNone;
      return op.pending() || op.result != 0;
    }
    if ((depth != 0 && holder != op.process) || (most != 0 && depth == most)) {
      return op.function == kTryLock && Returns(op, 0);
    }
    if (op.function == kTryLock && !Returns(op, 1)) return false;
    holder = op.process;
    ++depth;
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function != kLock && Returned(op, 0); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return SectionRoles(operations, [&](const Operation& op) {
      return ReadOnly(op)             ? SectionUse::kRefused
             : op.function == kUnlock ? SectionUse::kRelease
                                      : SectionUse::kAcquire;
    });
  }
};

// Several mutexes, of which one operation takes many at once: `argument` has a bit for each.
// lock(argument), try_lock(argument) -> 0 or 1, unlock(argument) by the process that holds them;
// without an argument, of all.
struct LockSetSpec {
  static constexpr std::string_view kNames[] = {"lock", "try_lock", "unlock"};
  static constexpr bool kUsesProcess = true;
  using State = Cells;  // by process: what it holds

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value own = GetCell(state, op.process, 0);
    if (op.function == kUnlock) {
      const Value given = op.argument == kNone ? own : op.argument;
      if (given == 0 || (own & given) != given) return false;
      SetCell(state, op.process, own & ~given, 0);
      return true;
    }
    for (const auto& [process, held] : state) {
      if ((held & op.argument) != 0) return op.function == kTryLock && Returns(op, 0);
    }
    if (op.function == kTryLock && !Returns(op, 1)) return false;
    SetCell(state, op.process, own | op.argument, 0);
    return true;
  }
  bool ReadOnly(const Operation& op) const { return op.function == kTryLock && Returned(op, 0); }
  Role RoleOf(const Operation& op) const { return {.keep = !ReadOnly(op)}; }
};

// Mutexes with ranks, the key, of which a process must take a higher one than all it holds:
// lock() -> 0 if it is not; unlock() by the process that holds it.
struct RankedMutexesSpec {
  static constexpr std::string_view kNames[] = {"lock", "try_lock", "unlock"};
  static constexpr bool kUsesProcess = true;
  // By rank: 3 + the process that holds it. -2 and -1 are a scenario's beginning and end.
  using State = Cells;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value self = op.process + Value{3};
    if (op.function == kUnlock) {
      if (GetCell(state, op.key, 0) != self) return false;
      SetCell(state, op.key, 0, 0);
      return true;
    }
    for (const auto& [rank, holder] : state) {
      if (holder == self && rank >= op.key) return Returns(op, 0);
    }
    if (GetCell(state, op.key, 0) != 0) return false;
    SetCell(state, op.key, self, 0);
    return op.pending() || op.result != 0;
  }
  bool ReadOnly(const Operation& op) const { return op.function != kUnlock && Returned(op, 0); }
  Role RoleOf(const Operation& op) const { return {.keep = !ReadOnly(op)}; }
};

// acquire(argument), try_acquire(argument) -> 0 or 1, release(argument); the argument is 1 if it is
// not given. A release beyond `most` is not possible, or, of one that merges, lost; 0: no bound.
struct SemaphoreSpec {
  enum Function : std::int32_t { kAcquire, kTryAcquire, kRelease };
  static constexpr std::string_view kNames[] = {"acquire", "try_acquire", "release"};
  using State = Value;

  Value initial = 0;
  Value most = 0;
  bool merges = false;

  State Initial() const { return initial; }
  bool Step(State& state, const Operation& op) const {
    const Value count = op.argument == kNone ? 1 : op.argument;
    if (op.function == kRelease) {
      if (most != 0 && state > most - count) {
        if (!merges) return false;
        state = most;
        return true;
      }
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
  std::optional<Operation> Change(const Operation& op) const {
    if (most != 0 || merges) return std::nullopt;
    const Value count = ReadOnly(op) ? 0 : op.argument == kNone ? 1 : op.argument;
    return Operation{.function = kRelease, .argument = op.function == kRelease ? count : -count};
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_LOCKS_H_
