// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"
#include "checkers/linearizability/specs/cells.h"
#include "checkers/linearizability/specs/texts.h"

namespace heddle::linearizability {

// Texts by key: get(key) -> text, put(key, argument), append(key, argument). A key that was never
// put has the empty text, and nil is the empty text, too.
class KeyValueSpec {
 public:
  enum Function : std::int32_t { kGet, kPut, kAppend };
  static constexpr bool kWhole = true;
  using State = Cells;

  // `texts` is the history's; it must live as long as this.
  explicit KeyValueSpec(const Texts* texts) : texts_(texts) {}

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) {
    const Value text = GetCell(state, op.key, kNone);
    if (op.function == kGet) return op.pending() || texts_.Same(op.result) == text;
    const Value argument = texts_.Same(op.argument);
    SetCell(state, op.key, op.function == kPut ? argument : texts_.Joined(text, argument), kNone);
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
      const std::string result = texts_.Text(get.result);
      const auto of_key = changes.find(get.key);
      if (of_key == changes.end()) continue;
      Time hidden = 0;  // what returned before
      for (const std::size_t k : of_key->second) {
        const Operation& put = operations[k];
        if (put.function == kPut && put.done < get.invoke &&
            result.starts_with(texts_.Text(texts_.Same(put.argument)))) {
          hidden = std::max(hidden, put.invoke);
        }
      }
      for (const std::size_t k : of_key->second) {
        const Operation& op = operations[k];
        if (op.invoke > get.done || op.done < hidden) continue;
        if (result.find(texts_.Text(texts_.Same(op.argument))) == std::string::npos) continue;
        roles[i].needs.push_back(static_cast<Value>(k));
      }
    }
    return roles;
  }
  std::size_t memory() const { return texts_.memory(); }

 private:
  // Roles() is quadratic.
  static constexpr std::size_t kManyOperations = 10'000;

  JoinedTexts texts_;
};

// Transactions on registers and lists, each of which takes effect at once as a whole: its reads see
// what the transactions before it have written, and what it has itself. A list is a text, of its
// elements and a blank after each; what is appended is such a text, too.
struct TransactionSpec {
  enum Function : std::int32_t { kTransact };
  static constexpr bool kWhole = true;
  using State = Cells;

  const std::vector<Access>* accesses = nullptr;  // the history's
  Value initial = kNone;                          // of each register; lists are empty
  JoinedTexts texts{nullptr};                     // of lists

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) {
    for (const Access& access : Of(op)) {
      const Value first = access.list ? kNone : initial;
      if (!access.write) {
        if (!op.pending() && GetCell(state, access.key, first) != access.value) return false;
      } else if (access.list) {
        SetCell(state, access.key, texts.Joined(GetCell(state, access.key, kNone), access.value),
                kNone);
      } else {
        SetCell(state, access.key, access.value, initial);
      }
    }
    return true;
  }
  std::optional<Value> Partition(const Operation& op) const {
    std::optional<Value> key;
    for (const Access& access : Of(op)) {
      if (key && *key != access.key) return std::nullopt;
      key = access.key;
    }
    return key;
  }
  bool ReadOnly(const Operation& op) const {
    const std::span<const Access> all = Of(op);
    return std::none_of(all.begin(), all.end(), [](const Access& access) { return access.write; });
  }
  // What reads a value needs all that may have written it, what reads a list all that may have
  // appended one of its elements.
  std::vector<Role> Roles(std::span<const Operation> operations) const {
    std::vector<Role> roles(operations.size());
    absl::flat_hash_map<std::pair<Value, std::string>, std::vector<std::size_t>> writers;
    const auto add = [&](const Access& access, std::string value, std::size_t writer) {
      std::vector<std::size_t>& all = writers[{access.key, std::move(value)}];
      if (all.empty() || all.back() != writer) all.push_back(writer);
    };
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (ReadOnly(operations[i])) continue;
      roles[i].gives = static_cast<Value>(i);
      for (const Access& access : Of(operations[i])) {
        if (access.write) add(access, Name(access), i);
      }
    }
    std::size_t needs = 0;
    for (std::size_t i = 0; i < operations.size() && needs <= kManyNeeds; ++i) {
      if (operations[i].pending()) continue;
      for (const Access& access : Of(operations[i])) {
        if (access.write) continue;
        for (const std::string& value : Seen(access)) {
          const auto found = writers.find({access.key, value});
          if (found == writers.end()) continue;
          for (const std::size_t writer : found->second) {
            if (writer == i || operations[writer].invoke > operations[i].done) continue;
            roles[i].needs.push_back(static_cast<Value>(writer));
            ++needs;
          }
        }
      }
    }
    if (needs <= kManyNeeds) return roles;
    // Values that are written again and again: nobody can tell who read what of whom.
    for (Role& role : roles) role = {.keep = role.gives != kNone};
    return roles;
  }
  std::size_t memory() const { return texts.memory(); }

 private:
  static constexpr std::size_t kManyNeeds = 2'000'000;

  std::span<const Access> Of(const Operation& op) const {
    return std::span(*accesses).subspan(static_cast<std::size_t>(op.key),
                                        static_cast<std::size_t>(op.argument));
  }
  std::string Name(const Access& access) const {
    return access.list ? texts.Text(access.value) : std::to_string(access.value);
  }
  // What a read saw: a value, or the elements of a list.
  std::vector<std::string> Seen(const Access& read) const {
    if (!read.list) return {Name(read)};
    std::vector<std::string> elements;
    std::string list = texts.Text(read.value);
    for (std::size_t end = list.find(' '); end != std::string::npos; end = list.find(' ')) {
      elements.push_back(list.substr(0, end + 1));
      list.erase(0, end + 1);
    }
    return elements;
  }
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SPECS_DATABASES_H_
