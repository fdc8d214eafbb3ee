// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "checkers/linearizability/fast.h"
#include "checkers/linearizability/items.h"

namespace heddle::linearizability {
namespace {

// Two items of which the older was popped too late, or not at all: the older's place, and the
// newer's.
using Pair = std::pair<std::size_t, std::size_t>;

// Calls on_newer(newer, oldest): the item that stayed longest of those pushed before `newer` was.
template <class OnNewer>
void ForEachNewer(const std::vector<Item>& items, OnNewer on_newer) {
  std::vector<std::size_t> by_done(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) by_done[i] = i;
  std::vector<std::size_t> by_invoke = by_done;
  std::sort(by_done.begin(), by_done.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(items[a].push_done, a) < std::pair(items[b].push_done, b);
  });
  std::sort(by_invoke.begin(), by_invoke.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(items[a].push_invoke, a) < std::pair(items[b].push_invoke, b);
  });
  std::size_t older = 0;
  std::size_t longest = kNoOperation;
  for (const std::size_t newer : by_invoke) {
    for (; older < items.size() && items[by_done[older]].push_done < items[newer].push_invoke;
         ++older) {
      const std::size_t one = by_done[older];
      if (longest == kNoOperation || items[one].pop_invoke > items[longest].pop_invoke) {
        longest = one;
      }
    }
    if (longest != kNoOperation) on_newer(newer, longest);
  }
}

std::optional<Pair> FindWrongOrder(const std::vector<Item>& items) {
  std::optional<Pair> wrong;
  ForEachNewer(items, [&](std::size_t newer, std::size_t older) {
    if (!wrong && items[newer].popped() && items[newer].pop_done < items[older].pop_invoke) {
      wrong = {older, newer};
    }
  });
  return wrong;
}

FastVerdict Witness(const Item& older, const Item& newer) {
  FastVerdict wrong{.ok = false, .witness = {older.push, newer.push, newer.pop}};
  if (older.popped()) wrong.witness.push_back(older.pop);
  return wrong;
}

// Lets pending pops take the values that have stayed too long. A value must be gone by the first
// return of a pop of a newer one; pops in the order of their calls, values in that of their
// deadlines. False: there are too few.
bool TakeLeftovers(std::span<const Operation> operations, Items& items) {
  std::vector<Item>& all = items.items;
  // From the newest push to the oldest: the first return of a pop of anything pushed later.
  std::vector<std::pair<Time, Time>> newer;  // push_invoke, pop_done
  for (const Item& item : all) {
    if (item.popped()) newer.emplace_back(item.push_invoke, item.pop_done);
  }
  std::sort(newer.begin(), newer.end());
  for (std::size_t i = newer.size(); i-- > 1;) {
    newer[i - 1].second = std::min(newer[i - 1].second, newer[i].second);
  }
  std::vector<std::pair<Time, std::size_t>> due;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].popped()) continue;
    const auto next =
        std::upper_bound(newer.begin(), newer.end(), std::pair(all[i].push_done, kNever));
    if (next != newer.end()) due.emplace_back(next->second, i);
  }
  std::sort(due.begin(), due.end());
  std::sort(
      items.pending_pops.begin(), items.pending_pops.end(),
      [&](std::size_t a, std::size_t b) { return operations[a].invoke < operations[b].invoke; });
  if (due.size() > items.pending_pops.size()) return false;
  for (std::size_t i = 0; i < due.size(); ++i) {
    Item& item = all[due[i].second];
    item.pop = items.pending_pops[i];
    item.pop_invoke = operations[item.pop].invoke;
    item.pop_done = kNever - 1;
    if (item.pop_invoke > due[i].first) return false;
  }
  return true;
}

}  // namespace

std::optional<FastVerdict> FastQueue(std::span<const Operation> operations) {
  std::optional<Items> items = CollectItems(operations);
  if (!items) return std::nullopt;
  if (items->wrong) return items->wrong;
  const std::optional<Pair> order = FindWrongOrder(items->items);
  const std::optional<FastVerdict> empty = FindWrongEmpty(operations, *items);
  if (!order && !empty) return FastVerdict{};
  if (!items->pending_pops.empty()) {
    Items with_pending = *items;
    const bool taken = TakeLeftovers(operations, with_pending);
    if (taken && !FindWrongOrder(with_pending.items) && !FindWrongEmpty(operations, with_pending)) {
      return FastVerdict{};
    }
    // Which of them a pending pop took for an "empty" to be right is for the search to find out.
    if (!items->empty.empty() || taken) return std::nullopt;
  }
  if (!order) return empty;
  return Witness(items->items[order->first], items->items[order->second]);
}

std::optional<FastVerdict> FastQueuePerProducer(std::span<const Operation> operations) {
  const std::optional<Items> items = CollectItems(operations);
  if (!items) return std::nullopt;
  if (items->wrong) return items->wrong;
  std::map<std::int32_t, std::vector<Item>> lanes;
  for (const Item& item : items->items) lanes[operations[item.push].process].push_back(item);
  std::optional<FastVerdict> wrong = FindWrongEmpty(operations, *items);
  for (const auto& [process, lane] : lanes) {
    if (wrong) break;
    if (const std::optional<Pair> order = FindWrongOrder(lane)) {
      wrong = Witness(lane[order->first], lane[order->second]);
    }
  }
  if (!wrong) return FastVerdict{};
  if (!items->pending_pops.empty()) return std::nullopt;
  return wrong;
}

}  // namespace heddle::linearizability
