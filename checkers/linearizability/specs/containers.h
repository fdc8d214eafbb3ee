// SPDX-License-Identifier: Apache-2.0
//
// Containers that give back what was put in: push(argument) -> 0 if it was full, pop() -> value, or
// kNone if it was empty. Where several are observed, `key` says which.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CONTAINERS_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CONTAINERS_H_

#include <algorithm>
#include <cstddef>
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

namespace heddle::linearizability {

namespace container {

inline constexpr std::string_view kNames[] = {"push", "pop"};

inline ItemUse UseOf(const Operation& op, bool push) {
  if (push) return Returned(op, 0) ? ItemUse::kRefused : ItemUse::kPush;
  return Returned(op, kNone) ? ItemUse::kNothing : ItemUse::kPop;
}
inline ItemUse UseOfItem(const Operation& op) { return UseOf(op, op.function == kPush); }

inline bool IsFull(std::size_t size, std::size_t capacity) {
  return capacity != 0 && size >= capacity;
}
inline bool ReturnsAccepted(const Operation& op) { return op.pending() || op.result != 0; }

// A push into a full container, a pop from an empty one.
inline bool ReadOnly(const Operation& op, bool push) { return Returned(op, push ? 0 : kNone); }

}  // namespace container

struct QueueSpec {
  static constexpr std::span<const std::string_view> kNames{container::kNames};
  using State = std::vector<Value>;  // oldest first

  std::size_t capacity = 0;  // 0: none

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kPush) {
      if (container::IsFull(state.size(), capacity)) return Returns(op, 0);
      state.push_back(op.argument);
      return container::ReturnsAccepted(op);
    }
    if (state.empty()) return Returns(op, kNone);
    if (!Returns(op, state.front())) return false;
    state.erase(state.begin());
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return container::ReadOnly(op, op.function == kPush); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(operations, container::UseOfItem, true);
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const {
    return capacity == 0 ? FastQueue(operations) : std::nullopt;
  }
};

// A queue with an end: push(argument), pop() -> value or kNone, close(); what is in it when it is
// closed can still be popped, but nothing comes in. Only try_push and try_pop are refused because
// it is full or empty.
struct ClosableQueueSpec {
  enum Function : std::int32_t { kPush, kPop, kTryPush, kTryPop, kClose };
  static constexpr std::string_view kNames[] = {"push", "pop", "try_push", "try_pop", "close"};
  // Results, besides the items, which are not negative.
  static constexpr Value kRefused = kNone;
  static constexpr Value kClosed = -1;
  struct State {
    std::vector<Value> items;  // oldest first
    bool closed = false;

    friend bool operator==(const State&, const State&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.items, state.closed);
    }
  };

  std::size_t capacity = 0;  // 0: none

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kClose) {
      state.closed = true;
      return true;
    }
    if (op.function == kPush || op.function == kTryPush) {
      if (state.closed) return Returns(op, kClosed);
      if (container::IsFull(state.items.size(), capacity)) {
        return op.function == kTryPush && Returns(op, kRefused);
      }
      state.items.push_back(op.argument);
      return op.pending() || (op.result != kRefused && op.result != kClosed);
    }
    if (state.items.empty()) {
      if (state.closed) return Returns(op, kClosed);
      return op.function == kTryPop && Returns(op, kRefused);
    }
    if (!Returns(op, state.items.front())) return false;
    state.items.erase(state.items.begin());
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const {
    return op.function != kClose && (Returned(op, kRefused) || Returned(op, kClosed));
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    std::vector<Role> roles = ItemRoles(
        operations,
        [&](const Operation& op) {
          const bool push = op.function == kPush || op.function == kTryPush;
          if (push && Returned(op, kRefused)) return ItemUse::kRefused;
          return op.function == kClose || ReadOnly(op) ? ItemUse::kNothing
                                                       : container::UseOf(op, push);
        },
        true);
    for (std::size_t i = 0; i < roles.size(); ++i) {
      roles[i].keep = roles[i].keep || operations[i].function == kClose;
    }
    return roles;
  }
};

struct StackSpec {
  static constexpr std::span<const std::string_view> kNames{container::kNames};
  using State = std::vector<Value>;  // newest last

  std::size_t capacity = 0;  // 0: none

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kPush) {
      if (container::IsFull(state.size(), capacity)) return Returns(op, 0);
      state.push_back(op.argument);
      return container::ReturnsAccepted(op);
    }
    if (state.empty()) return Returns(op, kNone);
    if (!Returns(op, state.back())) return false;
    state.pop_back();
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return container::ReadOnly(op, op.function == kPush); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(operations, container::UseOfItem, false);
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const {
    return capacity == 0 ? FastStack(operations) : std::nullopt;
  }
};

// push_front, push_back, pop_front, pop_back.
struct DequeSpec {
  enum Function : std::int32_t { kPushFront, kPushBack, kPopFront, kPopBack };
  static constexpr std::string_view kNames[] = {"push_front", "push_back", "pop_front", "pop_back"};
  using State = std::vector<Value>;

  std::size_t capacity = 0;  // 0: none

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    const bool front = op.function == kPushFront || op.function == kPopFront;
    if (op.function == kPushFront || op.function == kPushBack) {
      if (container::IsFull(state.size(), capacity)) return Returns(op, 0);
      state.insert(front ? state.begin() : state.end(), op.argument);
      return container::ReturnsAccepted(op);
    }
    if (state.empty()) return Returns(op, kNone);
    if (!Returns(op, front ? state.front() : state.back())) return false;
    state.erase(front ? state.begin() : state.end() - 1);
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const {
    return container::ReadOnly(op, op.function == kPushFront || op.function == kPushBack);
  }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(
        operations,
        [](const Operation& op) {
          return container::UseOf(op, op.function == kPushFront || op.function == kPushBack);
        },
        false);
  }
};

// pop() gives the least value.
struct PriorityQueueSpec {
  static constexpr std::span<const std::string_view> kNames{container::kNames};
  using State = std::vector<Value>;  // greatest first

  std::size_t capacity = 0;  // 0: none

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kPush) {
      if (container::IsFull(state.size(), capacity)) return Returns(op, 0);
      state.insert(std::upper_bound(state.begin(), state.end(), op.argument, std::greater<Value>()),
                   op.argument);
      return container::ReturnsAccepted(op);
    }
    if (state.empty()) return Returns(op, kNone);
    if (!Returns(op, state.back())) return false;
    state.pop_back();
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return container::ReadOnly(op, op.function == kPush); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(operations, container::UseOfItem, false);
  }
};

// The weaker queues allow several outcomes: a state is the set of the contents that are possible.
namespace container {

using Possible = std::vector<std::vector<Value>>;

inline void Normalize(Possible& possible) {
  std::sort(possible.begin(), possible.end());
  possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
}

}  // namespace container

// A pop gives one of the k + 1 oldest (k-out-of-order relaxation: T. Henzinger et al.: Quantitative
// relaxation of concurrent data structures, POPL 2013). Empty is empty.
struct RelaxedQueueSpec {
  static constexpr std::span<const std::string_view> kNames{container::kNames};
  using State = container::Possible;

  std::size_t k = 0;

  State Initial() const { return {{}}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kPush) {
      for (auto& contents : state) contents.push_back(op.argument);
      return container::ReturnsAccepted(op);
    }
    State next;
    for (const auto& contents : state) {
      if (contents.empty()) {
        if (Returns(op, kNone)) next.push_back(contents);
        continue;
      }
      for (std::size_t i = 0; i < contents.size() && i <= k; ++i) {
        if (!Returns(op, contents[i])) continue;
        next.push_back(contents);
        next.back().erase(next.back().begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    container::Normalize(next);
    state = std::move(next);
    return !state.empty();
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return container::ReadOnly(op, op.function == kPush); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(operations, container::UseOfItem, false);
  }
};

// What one process pushed comes out in the order in which it was pushed; empty is empty.
struct PerProducerQueueSpec {
  static constexpr std::span<const std::string_view> kNames{container::kNames};
  static constexpr bool kUsesProcess = true;
  // Contents are pairs of process and value, of one process after the other.
  using State = container::Possible;

  State Initial() const { return {{}}; }
  bool Step(State& state, const Operation& op) const {
    if (op.function == kPush) {
      for (auto& contents : state) {
        std::size_t at = 0;
        while (at < contents.size() && contents[at] <= op.process) at += 2;
        const Value added[] = {op.process, op.argument};
        contents.insert(contents.begin() + static_cast<std::ptrdiff_t>(at), added, added + 2);
      }
      container::Normalize(state);
      return container::ReturnsAccepted(op);
    }
    State next;
    for (const auto& contents : state) {
      if (contents.empty() && Returns(op, kNone)) next.push_back(contents);
      for (std::size_t i = 0; i < contents.size(); i += 2) {
        const bool first = i == 0 || contents[i - 2] != contents[i];
        if (!first || !Returns(op, contents[i + 1])) continue;
        next.push_back(contents);
        const auto at = next.back().begin() + static_cast<std::ptrdiff_t>(i);
        next.back().erase(at, at + 2);
      }
    }
    container::Normalize(next);
    state = std::move(next);
    return !state.empty();
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return container::ReadOnly(op, op.function == kPush); }
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    return ItemRoles(operations, container::UseOfItem, false);
  }
  std::optional<FastVerdict> Fast(std::span<const Operation> operations) const {
    return FastQueuePerProducer(operations);
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_CONTAINERS_H_
