// SPDX-License-Identifier: Apache-2.0
//
// A sequential specification is a struct:
//
//   struct Register {
//     enum Function { kRead, kWrite };
//     using State = Value;                       // copyable, ==, absl::Hash
//     State Initial() const { return 0; }
//     bool Step(State& state, const Operation& op) {
//       if (op.function == kRead) return Returns(op, state);
//       state = op.argument;
//       return true;
//     }
//   };
//
// Step() applies the operation to the state; false says that it cannot return there what it has
// returned, and then the state no longer counts. The result of a pending operation is not known:
// Returns() takes that into account. Optional members:
//   std::optional<Value> Partition(const Operation&) const
//       the part of the object that it touches, all that it touches; operations on different parts
//       are judged apart (P-compositionality). nullopt: touches several; then nothing is divided.
//   bool ReadOnly(const Operation&) const         changes no state, if it returns what it did
//       (a failed compare-and-set); such operations cost a search next to nothing
//   static constexpr bool kUsesProcess = true     Step() looks at op.process
//   static constexpr bool kWhole = true           a state is of all parts; else only of one
//   std::size_t memory() const                    bytes that it keeps besides the states
//   std::optional<Operation> Second(const Operation&) const
//       of an operation that takes effect at two instants (arrive and leave): the second one, of
//       the same call; Step() tells them apart by the function. WithSeconds() adds them to a
//       history. (A. Castañeda, S. Rajsbaum, M. Raynal, Unifying concurrent objects and distributed
//       tasks: interval-linearizability, J. ACM 65(6), 2018, need no more for these.)
//   static constexpr std::string_view kNames[]    of the functions, for messages
//   std::string Describe(const Operation&, const Texts&) const
//   Role RoleOf(const Operation&) const, or
//   std::vector<Role> Roles(std::span<const Operation>) const     for smaller counterexamples
//   std::optional<Operation> Change(const Operation&) const
//       of an object on which changes are sums: what changes it by as much, `argument`, and asks
//       for nothing. A counterexample then begins with the sum of all that went before. nullopt:
//       not of this object.
//   std::optional<FastVerdict> Fast(std::span<const Operation>) const
//       decides without a search, or says nullopt: then there is one.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPEC_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPEC_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "checkers/linearizability/history.h"

namespace heddle::linearizability {

// Whether the operation may have returned `result`.
inline bool Returns(const Operation& op, Value result) {
  return op.pending() || op.result == result;
}

// Whether the operation is known to have returned `result`.
inline bool Returned(const Operation& op, Value result) {
  return !op.pending() && op.result == result;
}

// What keeps a counterexample honest: operations that are left out of a history must not make it
// look wrong for another reason than the one looked for. Leaving out what gives something leaves
// out all else that gives or needs it. What is given is named by any numbers.
struct Role {
  Value gives = kNone;
  std::vector<Value> needs = {};  // all of these
  bool together = false;          // leaving it out does so, too, with what it needs
  bool keep = false;              // never left out
  // Of what finds a state that it was for certain given by what it needs: the state that it makes
  // of it. Where that is again the state before, what needs this is not left out with it.
  std::optional<Value> from = std::nullopt;  // the state that it finds
  std::optional<Value> to = std::nullopt;
  bool from_start = false;  // in the beginning it is that state, too
};

struct FastVerdict {
  bool ok = true;
  std::vector<std::size_t> witness;  // operations that contradict each other
};

template <class S>
concept Spec = std::copy_constructible<S> && std::copyable<typename S::State> &&
               requires(S spec, typename S::State state, const Operation& op) {
                 { spec.Initial() } -> std::same_as<typename S::State>;
                 { spec.Step(state, op) } -> std::same_as<bool>;
                 { state == state } -> std::convertible_to<bool>;
               };

// A specification's states as numbers, found as they are reached.
class Automaton {
 public:
  using State = std::uint32_t;
  static constexpr State kImpossible = UINT32_MAX;
  static constexpr State kInitial = 0;

  virtual ~Automaton() = default;

  // `call` numbers what operations ask for and return: equal calls have equal numbers.
  State Next(State state, std::uint32_t call, const Operation& op) {
    const auto [slot, added] =
        next_.try_emplace(std::uint64_t{state} << 32 | call, State{kImpossible});
    if (!added) return slot->second;
    const State next = Compute(state, op);
    // Compute() does not change the map.
    slot->second = next;
    return next;
  }

  // About this many bytes.
  std::size_t memory() const {
    return next_.capacity() * (sizeof(std::pair<std::uint64_t, State>) + 1) + StateMemory();
  }

 protected:
  virtual State Compute(State state, const Operation& op) = 0;
  virtual std::size_t StateMemory() const = 0;

 private:
  absl::flat_hash_map<std::uint64_t, State> next_;
};

// A specification whose type does not matter.
class Model {
 public:
  virtual ~Model() = default;
  virtual std::unique_ptr<Automaton> MakeAutomaton() const = 0;
  virtual bool divides() const = 0;  // Partition() means something
  virtual std::optional<Value> Partition(const Operation& op) const = 0;
  virtual bool ReadOnly(const Operation& op) const = 0;
  virtual bool uses_process() const = 0;
  virtual bool whole() const = 0;
  virtual std::vector<Role> Roles(std::span<const Operation> operations) const = 0;
  virtual std::optional<Operation> Change(const Operation& op) const = 0;
  virtual std::optional<FastVerdict> Fast(std::span<const Operation> operations) const = 0;
  virtual std::string Describe(const Operation& op, const Texts& texts) const = 0;
};

namespace spec_internal {

template <class State>
std::size_t HeapBytes(const State& state) {
  if constexpr (requires { state.size() * sizeof(*state.begin()); }) {
    return state.size() * sizeof(*state.begin());
  } else {
    return 0;
  }
}

template <Spec S>
class AutomatonOf final : public Automaton {
 public:
  explicit AutomatonOf(S spec) : spec_(std::move(spec)) {
    states_.push_back(spec_.Initial());
    ids_.emplace(absl::HashOf(states_.back()), kInitial);
    after_.push_back(kImpossible);
  }

 protected:
  State Compute(State from, const Operation& op) override {
    typename S::State state = states_[from];
    if (!spec_.Step(state, op)) return kImpossible;
    const std::size_t hash = absl::HashOf(state);
    const auto found = ids_.find(hash);
    State last = kImpossible;
    for (State id = found == ids_.end() ? kImpossible : found->second; id != kImpossible;
         id = after_[id]) {
      if (states_[id] == state) return id;
      last = id;
    }
    const State id = static_cast<State>(states_.size());
    heap_ += HeapBytes(state);
    states_.push_back(std::move(state));
    after_.push_back(kImpossible);
    if (last == kImpossible) {
      ids_.emplace(hash, id);
    } else {
      after_[last] = id;
    }
    return id;
  }

  std::size_t StateMemory() const override {
    std::size_t own = 0;
    if constexpr (requires { spec_.memory(); }) own = spec_.memory();
    return own + heap_ + states_.size() * (sizeof(typename S::State) + 32);
  }

 private:
  S spec_;
  std::deque<typename S::State> states_;
  absl::flat_hash_map<std::size_t, State> ids_;  // by hash: the first of a chain
  std::vector<State> after_;
  std::size_t heap_ = 0;
};

}  // namespace spec_internal

// The history with an operation for each instant (Second() above).
template <Spec S>
std::vector<Operation> WithSeconds(std::span<const Operation> operations, const S& spec) {
  std::vector<Operation> all;
  all.reserve(operations.size());
  for (const Operation& op : operations) {
    all.push_back(op);
    if (const std::optional<Operation> second = spec.Second(op)) all.push_back(*second);
  }
  return all;
}

template <Spec S>
class ModelOf final : public Model {
 public:
  explicit ModelOf(S spec) : spec_(std::move(spec)) {}

  std::unique_ptr<Automaton> MakeAutomaton() const override {
    return std::make_unique<spec_internal::AutomatonOf<S>>(spec_);
  }
  bool divides() const override {
    return requires(const Operation& op) { spec_.Partition(op); };
  }
  std::optional<Value> Partition(const Operation& op) const override {
    if constexpr (requires { spec_.Partition(op); }) return spec_.Partition(op);
    return std::nullopt;
  }
  bool ReadOnly(const Operation& op) const override {
    if constexpr (requires { spec_.ReadOnly(op); }) return spec_.ReadOnly(op);
    return false;
  }
  bool uses_process() const override {
    if constexpr (requires { S::kUsesProcess; }) return S::kUsesProcess;
    return false;
  }
  bool whole() const override {
    if constexpr (requires { S::kWhole; }) return S::kWhole;
    return false;
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const override {
    if constexpr (requires { spec_.Roles(operations); }) return spec_.Roles(operations);
    std::vector<Role> roles(operations.size());
    if constexpr (requires(const Operation& op) { spec_.RoleOf(op); }) {
      for (std::size_t i = 0; i < roles.size(); ++i) roles[i] = spec_.RoleOf(operations[i]);
    }
    return roles;
  }
  std::optional<Operation> Change(const Operation& op) const override {
    if constexpr (requires { spec_.Change(op); }) {
      std::optional<Operation> change = spec_.Change(op);
      if (change) std::tie(change->process, change->key) = std::tie(op.process, op.key);
      if (change) std::tie(change->invoke, change->done) = std::tie(op.invoke, op.done);
      return change;
    }
    return std::nullopt;
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const override {
    if constexpr (requires { spec_.Fast(operations); }) return spec_.Fast(operations);
    return std::nullopt;
  }
  std::string Describe(const Operation& op, const Texts& texts) const override {
    if constexpr (requires { spec_.Describe(op, texts); }) return spec_.Describe(op, texts);
    std::string text;
    if constexpr (requires { S::kNames[0]; }) {
      text = S::kNames[static_cast<std::size_t>(op.function)];
    } else {
      text = "function " + std::to_string(op.function);
    }
    for (const Value value : {op.key, op.argument, op.expected}) {
      if (value != kNone) text += " " + FormatValue(value, texts);
    }
    return text + (op.pending() ? "" : " -> " + FormatValue(op.result, texts));
  }

 private:
  S spec_;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPEC_H_
