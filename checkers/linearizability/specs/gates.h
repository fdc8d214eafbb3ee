// SPDX-License-Identifier: Apache-2.0
//
// What threads wait at for each other. Where several are observed, `key` says which.
//
// Whoever arrives somewhere and waits there does two things at two instants, between which others
// can come: the specification is of these two, and Second() is the other one (spec.h).
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_GATES_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_GATES_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"
#include "checkers/linearizability/specs/cells.h"

namespace heddle::linearizability {

// set(), is_set() -> 0 or 1, wait().
struct EventSpec {
  enum Function : std::int32_t { kSet, kIsSet, kWait };
  static constexpr std::string_view kNames[] = {"set", "is_set", "wait"};
  using State = Value;

  State Initial() const { return 0; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kSet) {
      state = 1;
      return true;
    }
    if (op.function == kIsSet) return Returns(op, state);
    return state == 1;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function != kSet; }
  Role RoleOf(const Operation& op) const { return {.keep = op.function == kSet}; }
};

// count_down(argument), try_wait() -> 0 or 1, wait(), arrive_and_wait(). Counting below zero is not
// possible.
struct LatchSpec {
  enum Function : std::int32_t { kCountDown, kTryWait, kWait, kArriveAndWait };
  static constexpr std::string_view kNames[] = {"count_down", "try_wait", "wait",
                                                "arrive_and_wait"};
  using State = Value;

  Value count = 1;

  State Initial() const { return count; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kTryWait) return Returns(op, state == 0 ? 1 : 0);
    if (op.function == kWait) return state == 0;
    state -= op.argument == kNone ? 1 : op.argument;
    return state >= 0;
  }
  std::optional<Operation> Second(const Operation& op) const {
    if (op.function != kArriveAndWait) return std::nullopt;
    Operation second = op;
    second.function = kWait;
    second.argument = kNone;
    return second;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const {
    return op.function == kTryWait || op.function == kWait;
  }
  Role RoleOf(const Operation& op) const { return {.keep = !ReadOnly(op)}; }
};

// arrive_and_wait() -> 1 in one process of each phase, 0 in the others; leave() is its second
// instant, with the same result. A phase is over when all `processes` have arrived.
struct BarrierSpec {
  enum Function : std::int32_t { kArriveAndWait, kLeave };
  static constexpr std::string_view kNames[] = {"arrive_and_wait", "leave"};
  static constexpr bool kUsesProcess = true;
  // None arrives in a phase twice, so nobody is more than one phase behind.
  struct State {
    Cells inside;  // by process: 1 has arrived in the open phase, 2 is yet to leave the last one
    Value arrived = 0;
    Value gone = 0;   // from the last phase
    Value first = 0;  // of those, with 1; a pending one may have been that

    friend bool operator==(const State&, const State&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.inside, state.arrived, state.gone, state.first);
    }
  };

  Value processes = 1;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const Value own = GetCell(state.inside, op.process, 0);
    if (op.function == kArriveAndWait) {
      if (own != 0) return false;
      SetCell(state.inside, op.process, 1, 0);
      if (++state.arrived < processes) return true;
      for (auto& [process, where] : state.inside) where = 2;
      state.arrived = state.gone = state.first = 0;
      return true;
    }
    if (own != 2) return false;
    if (op.pending()) {
      state.first = 1;
    } else if (op.result != 0 && state.first++ != 0) {
      return false;
    }
    SetCell(state.inside, op.process, 0, 0);
    return ++state.gone < processes || state.first != 0;
  }
  std::optional<Operation> Second(const Operation& op) const {
    if (op.function != kArriveAndWait) return std::nullopt;
    Operation second = op;
    second.function = kLeave;
    return second;
  }
  // Without one arrival, nobody leaves.
  Role RoleOf(const Operation& /*op*/) const { return {.keep = true}; }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_GATES_H_
