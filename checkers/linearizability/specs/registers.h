// SPDX-License-Identifier: Apache-2.0
//
// Registers, one for each key, and what is made of them.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_REGISTERS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_REGISTERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/roles.h"
#include "checkers/linearizability/spec.h"
#include "checkers/linearizability/specs/cells.h"

namespace heddle::linearizability {

// read() -> value, write(argument), cas(expected, argument) -> 0 or 1. A register without cas is
// one on which nobody calls it.
struct RegisterSpec {
  enum Function : std::int32_t { kRead, kWrite, kCas };
  static constexpr std::string_view kNames[] = {"read", "write", "cas"};
  static constexpr bool kWhole = true;
  using State = Cells;

  Value initial = kNone;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value value = GetCell(state, op.key, initial);
    if (op.function == kRead) return Returns(op, value);
    if (op.function == kCas) {
      if (!Returns(op, value == op.expected ? 1 : 0)) return false;
      if (value != op.expected) return true;
    }
    SetCell(state, op.key, op.argument, initial);
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const {
    return op.function == kRead || (op.function == kCas && Returned(op, 0));
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return CellRoles(operations, initial, [&](const Operation& op) {
      CellUse use{.cell = op.key, .sets = !ReadOnly(op), .left = op.argument};
      if (op.function != kWrite && !(ReadOnly(op) && op.pending())) {
        const bool failed = op.function == kCas && ReadOnly(op);
        use.asks = failed ? CellUse::Asks::kThatItIsNot : CellUse::Asks::kThatItIs;
        use.asked = op.function == kRead ? op.result : op.expected;
      }
      return use;
    });
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const {
    return FastRegister(operations, kRead, kWrite, initial);
  }
};

// add(argument), get() -> value, fetch_add(argument) -> value before.
struct CounterSpec {
  enum Function : std::int32_t { kAdd, kGet, kFetchAdd };
  static constexpr std::string_view kNames[] = {"add", "get", "fetch_add"};
  static constexpr bool kWhole = true;
  using State = Cells;

  Value initial = 0;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value value = GetCell(state, op.key, initial);
    if (op.function != kAdd && !Returns(op, value)) return false;
    if (op.function != kGet) {
      // Wraps around, as atomic counters do.
      const auto sum = static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(op.argument);
      SetCell(state, op.key, static_cast<Value>(sum), initial);
    }
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function == kGet; }
  Role RoleOf(const Operation& op) const { return {.keep = op.function != kGet}; }
  std::optional<Operation> Change(const Operation& op) const {
    return Operation{.function = kAdd, .argument = op.function == kGet ? 0 : op.argument};
  }
};

// put(key, argument), get(key) -> value or kNone, insert(key, argument) -> 1 if the key was free,
// erase(key) -> 1 if it was not, cas(key, expected, argument) -> 0 or 1, size() -> number of keys.
struct MapSpec {
  enum Function : std::int32_t { kGet, kPut, kInsert, kErase, kCas, kSize };
  static constexpr std::string_view kNames[] = {"get", "put", "insert", "erase", "cas", "size"};
  static constexpr bool kWhole = true;
  using State = Cells;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kSize) return Returns(op, static_cast<Value>(state.size()));
    const Value value = GetCell(state, op.key, kNone);
    switch (op.function) {
      case kGet:
        return Returns(op, value);
      case kInsert:
        if (value != kNone) return Returns(op, 0);
        break;
      case kErase:
        if (value == kNone) return Returns(op, 0);
        break;
      case kCas:
        if (value != op.expected) return Returns(op, 0);
        break;
      default:
        break;
    }
    if (op.function != kPut && !Returns(op, 1)) return false;
    SetCell(state, op.key, op.function == kErase ? kNone : op.argument, kNone);
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const {
    if (op.function == kSize) return std::nullopt;
    return op.key;
  }
  bool ReadOnly(const Operation& op) const {
    return op.function == kGet || op.function == kSize || (op.function != kPut && Returned(op, 0));
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return CellRoles(operations, kNone, [&](const Operation& op) {
      CellUse use{.cell = op.key, .sets = !ReadOnly(op), .all = op.function == kSize};
      use.left = op.function == kErase ? kNone : op.argument;
      if (op.function == kPut || op.function == kSize || (op.function == kGet && op.pending())) {
        return use;
      }
      use.asked = op.function == kGet ? op.result : op.function == kCas ? op.expected : kNone;
      const bool refused = op.function != kGet && Returned(op, 0);
      // An erase wants something to be there, the others that what they ask for is.
      use.asks = refused == (op.function == kErase) ? CellUse::Asks::kThatItIs
                                                    : CellUse::Asks::kThatItIsNot;
      return use;
    });
  }
};

// add(argument) -> 1 if it was not in, remove(argument) -> 1 if it was, contains(argument),
// size(), read() -> which of `sets` it is.
struct SetSpec {
  enum Function : std::int32_t { kAdd, kRemove, kContains, kSize, kRead };
  static constexpr std::string_view kNames[] = {"add", "remove", "contains", "size", "read"};
  using State = Cells;  // 1 for each element
  // Sorted. It must live as long as this; null where nothing reads whole sets.
  const std::vector<std::vector<Value>>* sets = nullptr;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kSize) return Returns(op, static_cast<Value>(state.size()));
    if (op.function == kRead) {
      return op.pending() || std::ranges::equal(state, (*sets)[static_cast<std::size_t>(op.result)],
                                                {}, &Cells::value_type::first);
    }
    const Value in = GetCell(state, op.argument, 0);
    if (op.function == kContains) return Returns(op, in);
    if (!Returns(op, op.function == kAdd ? 1 - in : in)) return false;
    SetCell(state, op.argument, op.function == kAdd ? 1 : 0, 0);
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const {
    if (OfAll(op) && op.key == kNone) return std::nullopt;
    return op.key == kNone ? op.argument : op.key;
  }
  static bool OfAll(const Operation& op) { return op.function == kSize || op.function == kRead; }
  bool ReadOnly(const Operation& op) const {
    return op.function == kContains || OfAll(op) || Returned(op, 0);
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return CellRoles(operations, 0, [&](const Operation& op) {
      CellUse use{.sets = !ReadOnly(op), .all = OfAll(op)};
      use.cell = op.argument;
      use.left = op.function == kAdd ? 1 : 0;
      if (OfAll(op) || (op.function == kContains && op.pending())) return use;
      use.asks = CellUse::Asks::kThatItIs;
      use.asked = op.function == kContains ? op.result : use.sets ? 1 - use.left : use.left;
      return use;
    });
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_REGISTERS_H_
