// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"
#include "checkers/linearizability/specs/cells.h"

namespace heddle::linearizability {

// Texts by key: get(key) -> text, put(key, argument), append(key, argument). A key that was never
// put has the empty text, and nil is the empty text, too.
class KeyValueSpec {
 public:
  enum Function : std::int32_t { kGet, kPut, kAppend };
  static constexpr bool kWhole = true;
  // Texts by their place in the history's or, beyond, in added_.
  using State = Cells;

  // `texts` is the history's; it must live as long as this.
  explicit KeyValueSpec(const Texts* texts) : texts_(texts) {}
  KeyValueSpec(const KeyValueSpec& other) : texts_(other.texts_) {}
  KeyValueSpec& operator=(const KeyValueSpec&) = delete;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) {
    const Value text = GetCell(state, op.key, kNone);
    if (op.function == kGet) return op.pending() || Same(op.result) == text;
    const Value argument = Same(op.argument);
    SetCell(state, op.key, op.function == kPut ? argument : Joined(text, argument), kNone);
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const { return op.key; }
  bool ReadOnly(const Operation& op) const { return op.function == kGet; }
  // A get needs all that its text can come from: no put that hides it is certain.
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    std::vector<Role> roles(operations.size());
    absl::flat_hash_map<Value, std::vector<std::size_t>> changes;  // by key
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (operations[i].function == kGet) continue;
      roles[i].gives = static_cast<Value>(i);
      roles[i].keep = operations.size() > kManyOperations;
      changes[operations[i].key].push_back(i);
    }
    for (std::size_t i = 0; i < operations.size() && operations.size() <= kManyOperations; ++i) {
      const Operation& get = operations[i];
      if (get.function != kGet || get.pending()) continue;
      const std::string result = Text(get.result);
      const auto of_key = changes.find(get.key);
      if (of_key == changes.end()) continue;
      Time hidden = 0;  // what returned before
      for (const std::size_t k : of_key->second) {
        const Operation& put = operations[k];
        if (put.function == kPut && put.done < get.invoke &&
            result.starts_with(Text(Same(put.argument)))) {
          hidden = std::max(hidden, put.invoke);
        }
      }
      for (const std::size_t k : of_key->second) {
        const Operation& op = operations[k];
        if (op.invoke > get.done || op.done < hidden) continue;
        if (result.find(Text(Same(op.argument))) == std::string::npos) continue;
        roles[i].needs.push_back(static_cast<Value>(k));
      }
    }
    return roles;
  }
  std::size_t memory() const {
    return memory_ + joins_.capacity() * 25 + sorted_.capacity() * sizeof(std::string_view);
  }

 private:
  // Roles() is quadratic.
  static constexpr std::size_t kManyOperations = 10'000;
  // Numbers of added_.
  static constexpr Value kFirst = Texts::kLast;
  static constexpr Value kLost = kFirst + (Value{1} << 40) - 1;

  // The empty text is kNone.
  Value Same(Value value) const {
    const std::string* text = texts_->Text(value);
    return text != nullptr && text->empty() ? kNone : value;
  }
  std::string Text(Value value) const {
    if (value == kNone) return "";
    if (value >= kFirst && value < kFirst + static_cast<Value>(added_.size())) {
      return *added_[static_cast<std::size_t>(value - kFirst)];
    }
    const std::string* text = texts_->Text(value);
    return text != nullptr ? *text : std::to_string(value);
  }
  // Whether the history has a text that begins so.
  bool BeginsOne(const std::string& text) {
    if (sorted_.empty()) {
      sorted_ = texts_->All();
      std::sort(sorted_.begin(), sorted_.end());
    }
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), text);
    return at != sorted_.end() && at->starts_with(text);
  }
  // The one value of the text that two make. All texts that no text of the history begins with are
  // one: no get returns them, whatever is appended, and a put makes no difference between them.
  Value Joined(Value first, Value second) {
    if (first == kLost) return kLost;
    const auto [join, is_new] = joins_.try_emplace({first, second}, kNone);
    if (!is_new) return join->second;
    const std::string text = Text(first) + Text(second);
    Value value = text.empty() ? kNone : texts_->Find(text);
    if (value == kNone && !text.empty() && !BeginsOne(text)) {
      value = kLost;
    } else if (value == kNone && !text.empty()) {
      const auto [place, added] =
          places_.try_emplace(text, kFirst + static_cast<Value>(added_.size()));
      if (added) {
        added_.push_back(std::make_unique<std::string>(text));
        memory_ += 2 * text.size() + 128;
      }
      value = place->second;
    }
    join->second = value;
    return value;
  }

  const Texts* texts_;
  // Made on the way; each search has its own.
  std::vector<std::string_view> sorted_;  // all texts of the history
  std::vector<std::unique_ptr<std::string>> added_;
  absl::flat_hash_map<std::string, Value> places_;
  absl::flat_hash_map<std::pair<Value, Value>, Value> joins_;
  std::size_t memory_ = 0;
};

// Transactions on registers, each of which takes effect at once as a whole: its reads see what the
// transactions before it have written, and what it has itself.
struct TransactionSpec {
  enum Function : std::int32_t { kTransact };
  static constexpr bool kWhole = true;
  using State = Cells;

  const std::vector<Access>* accesses = nullptr;  // the history's
  Value initial = kNone;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    for (Value i = op.key; i < op.key + op.argument; ++i) {
      const Access& access = (*accesses)[static_cast<std::size_t>(i)];
      if (access.write) {
        SetCell(state, access.key, access.value, initial);
      } else if (!op.pending() && GetCell(state, access.key, initial) != access.value) {
        return false;
      }
    }
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const {
    std::optional<Value> key;
    for (Value i = op.key; i < op.key + op.argument; ++i) {
      const Access& access = (*accesses)[static_cast<std::size_t>(i)];
      if (key && *key != access.key) return std::nullopt;
      key = access.key;
    }
    return key;
  }
  bool ReadOnly(const Operation& op) const {
    for (Value i = op.key; i < op.key + op.argument; ++i) {
      if ((*accesses)[static_cast<std::size_t>(i)].write) return false;
    }
    return true;
  }
  Role RoleOf(const Operation& op) const { return {.keep = !ReadOnly(op)}; }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_
