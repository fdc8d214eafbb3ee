// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/items.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace heddle::linearizability {

std::optional<Items> CollectItems(std::span<const Operation> operations) {
  Items found;
  absl::flat_hash_map<Value, std::size_t> item_of;
  item_of.reserve(operations.size() / 2);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& op = operations[i];
    if (op.function != kPush) continue;
    if (!op.pending() && op.result == 0) return std::nullopt;
    if (!item_of.try_emplace(op.argument, found.items.size()).second) return std::nullopt;
    found.items.push_back({.push = i, .push_invoke = op.invoke, .push_done = op.done});
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& op = operations[i];
    if (op.function != kPop) continue;
    if (op.pending()) {
      found.pending_pops.push_back(i);
    } else if (op.result == kNone) {
      found.empty.push_back(i);
    } else if (const auto at = item_of.find(op.result); at == item_of.end()) {
      found.wrong = {.ok = false, .witness = {i}};
      return found;
    } else if (Item& item = found.items[at->second]; item.popped()) {
      found.wrong = {.ok = false, .witness = {item.push, item.pop, i}};
      return found;
    } else {
      item.pop = i;
      item.pop_invoke = op.invoke;
      item.pop_done = op.done;
      if (item.pop_done < item.push_invoke) {
        found.wrong = {.ok = false, .witness = {item.push, i}};
        return found;
      }
    }
  }
  // A push that did not return, of a value that nobody popped, did not happen.
  std::erase_if(found.items,
                [](const Item& item) { return item.push_done == kNever && !item.popped(); });
  return found;
}

std::optional<FastVerdict> FindWrongEmpty(std::span<const Operation> operations,
                                          const Items& items) {
  if (items.empty.empty()) return std::nullopt;
  std::vector<const Item*> certain;
  for (const Item& item : items.items) {
    if (item.in_for_certain()) certain.push_back(&item);
  }
  std::sort(certain.begin(), certain.end(), [](const Item* a, const Item* b) {
    return std::pair(a->push_done, a->push) < std::pair(b->push_done, b->push);
  });
  // Stretches of time without a gap: [first, last) of `certain`.
  struct Stretch {
    Time begin;
    Time end;
    std::size_t first;
    std::size_t last;
  };
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < certain.size(); ++i) {
    if (!stretches.empty() && certain[i]->push_done < stretches.back().end) {
      stretches.back().end = std::max(stretches.back().end, certain[i]->pop_invoke);
      stretches.back().last = i + 1;
    } else {
      stretches.push_back({certain[i]->push_done, certain[i]->pop_invoke, i, i + 1});
    }
  }
  for (const std::size_t empty : items.empty) {
    const Operation& op = operations[empty];
    auto stretch = std::lower_bound(stretches.begin(), stretches.end(), op.invoke,
                                    [](const Stretch& s, Time t) { return s.begin < t; });
    if (stretch == stretches.begin()) continue;
    --stretch;
    if (op.done >= stretch->end) continue;
    // The fewest items that cover it: each time the one that lasts longest.
    FastVerdict wrong{.ok = false, .witness = {empty}};
    Time covered = op.invoke;
    for (std::size_t i = stretch->first; i < stretch->last && covered <= op.done;) {
      const Item* longest = nullptr;
      for (; i < stretch->last && (certain[i]->push_done < covered); ++i) {
        if (longest == nullptr || certain[i]->pop_invoke > longest->pop_invoke) {
          longest = certain[i];
        }
      }
      if (longest == nullptr || longest->pop_invoke <= covered) continue;
      wrong.witness.push_back(longest->push);
      if (longest->popped()) wrong.witness.push_back(longest->pop);
      covered = longest->pop_invoke;
    }
    return wrong;
  }
  return std::nullopt;
}

}  // namespace heddle::linearizability
