// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/search_support.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace heddle::linearizability {

std::vector<std::uint32_t> NumberCalls(std::span<const Operation> operations, const Model& model) {
  using Call = std::tuple<std::int32_t, std::int32_t, Value, Value, Value, Value, bool>;
  absl::flat_hash_map<Call, std::uint32_t> numbers;
  std::vector<std::uint32_t> calls;
  calls.reserve(operations.size());
  for (const Operation& op : operations) {
    const Call call{
        model.uses_process() ? op.process : 0, op.function, op.key, op.argument, op.expected,
        op.pending() ? kNone : op.result,      op.pending()};
    calls.push_back(
        numbers.try_emplace(call, static_cast<std::uint32_t>(numbers.size())).first->second);
  }
  return calls;
}

std::size_t KeySet::Hash(const std::uint64_t* key) const {
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < words_; ++i) {
    hash = (hash ^ key[i]) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

std::uint32_t KeySet::Add(const std::uint64_t* key, bool& added) {
  if ((count_ + 1) * std::uint64_t{2} > table_.size()) Grow();
  const std::size_t mask = table_.size() - 1;
  std::size_t at = Hash(key) & mask;
  while (table_[at] != kEmpty) {
    if (std::equal(key, key + words_, &keys_[table_[at] * words_])) {
      added = false;
      return table_[at];
    }
    at = (at + 1) & mask;
  }
  added = true;
  table_[at] = count_;
  keys_.insert(keys_.end(), key, key + words_);
  return count_++;
}

void KeySet::Grow() {
  table_.assign(table_.size() * 2, kEmpty);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t i = 0; i < count_; ++i) {
    std::size_t at = Hash(&keys_[i * words_]) & mask;
    while (table_[at] != kEmpty) at = (at + 1) & mask;
    table_[at] = i;
  }
}

}  // namespace heddle::linearizability
