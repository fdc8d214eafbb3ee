// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/roles.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace heddle::linearizability {
namespace {

std::vector<std::size_t> InOrderOfCalls(std::span<const Operation> operations) {
  std::vector<std::size_t> order(operations.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(operations[a].invoke, a) < std::pair(operations[b].invoke, b);
  });
  return order;
}

// Operations in order of their calls.
struct Calls {
  std::vector<std::size_t> all;
  std::vector<Time> returned;  // all up to each have returned by then

  void Finish(std::span<const Operation> operations) {
    for (const std::size_t i : all) {
      const Time before = returned.empty() ? 0 : returned.back();
      returned.push_back(std::max(before, operations[i].done));
    }
  }
};

// The operations that set one cell.
struct Setters {
  Calls any;
  absl::flat_hash_map<Value, Calls> to;  // those that leave a value
  // By the time of a return, the latest call of all that have returned until then.
  std::vector<std::pair<Time, Time>> latest;

  void Finish(std::span<const Operation> operations) {
    any.Finish(operations);
    for (auto& [value, calls] : to) calls.Finish(operations);
    for (const std::size_t i : any.all) {
      if (!operations[i].pending()) latest.emplace_back(operations[i].done, operations[i].invoke);
    }
    std::sort(latest.begin(), latest.end());
    for (std::size_t i = 1; i < latest.size(); ++i) {
      latest[i].second = std::max(latest[i].second, latest[i - 1].second);
    }
  }
  // What returned before this time is overwritten when something called at `time` sees the cell.
  std::optional<Time> OverwrittenBefore(Time time) const {
    const auto at = std::lower_bound(latest.begin(), latest.end(), std::pair(time, Time{0}));
    if (at == latest.begin()) return std::nullopt;
    return (at - 1)->second;
  }
};

void AddNeeds(std::span<const Operation> operations, const Setters& setters, const CellUse& use,
              std::size_t reader, Value initial, Role& role) {
  const Operation& op = operations[reader];
  const bool is = use.asks == CellUse::Asks::kThatItIs;
  const Calls* calls = &setters.any;
  if (is) {
    const auto to = setters.to.find(use.asked);
    if (to == setters.to.end()) return;
    calls = &to->second;
  }
  const std::optional<Time> overwritten = setters.OverwrittenBefore(op.invoke);
  const auto& [all, returned] = *calls;
  const auto end = std::partition_point(
      all.begin(), all.end(), [&](std::size_t i) { return operations[i].invoke <= op.done; });
  for (auto k = static_cast<std::size_t>(end - all.begin()); k-- > 0;) {
    if (overwritten && returned[k] < *overwritten) break;
    const std::size_t i = all[k];
    if (i == reader || (overwritten && operations[i].done < *overwritten)) continue;
    role.needs.push_back(static_cast<Value>(i));
  }
  if (!role.needs.empty() || !is || use.asked == initial) return;
  // It is wrong; so that it can be seen why, with where the value once came from.
  auto from = end == all.begin() ? end : end - 1;
  if (*from == reader) from = from == all.begin() ? from + 1 : from - 1;
  if (from != all.end()) role.needs.push_back(static_cast<Value>(*from));
}

// The pushes and pops of one value, in order of their calls.
struct Equals {
  std::vector<std::size_t> pushes;
  std::vector<std::size_t> pops;
};

// Some of them, of which every pop had a push among them, whatever the order was.
struct Group : Equals {
  Time first = 0;      // may be in from here
  Time last = kNever;  // until here
};

// The latest return of the first ones.
std::vector<Time> Returns(std::span<const Operation> operations,
                          const std::vector<std::size_t>& some) {
  std::vector<Time> latest{0};
  for (const std::size_t i : some) latest.push_back(std::max(latest.back(), operations[i].done));
  return latest;
}

void Divide(std::span<const Operation> operations, const Equals& equals, bool fifo,
            std::vector<Group>& groups) {
  const auto& [pushes, pops] = equals;
  const std::vector<Time> pushed = Returns(operations, pushes);
  const std::vector<Time> popped = Returns(operations, pops);
  const auto begin = [&](const std::vector<std::size_t>& some, std::size_t k) {
    return k < some.size() ? operations[some[k]].invoke : kNever;
  };
  std::size_t from = 0;
  const auto add = [&](std::size_t to_push, std::size_t to_pop) {
    Group group;
    group.pushes.assign(pushes.begin() + static_cast<std::ptrdiff_t>(from),
                        pushes.begin() + static_cast<std::ptrdiff_t>(to_push));
    const std::size_t from_pop = std::min(from, pops.size());
    group.pops.assign(pops.begin() + static_cast<std::ptrdiff_t>(from_pop),
                      pops.begin() + static_cast<std::ptrdiff_t>(to_pop));
    group.first = begin(pushes, from);
    if (group.pops.size() >= group.pushes.size()) group.last = popped[to_pop];
    groups.push_back(std::move(group));
    from = to_push;
  };
  for (std::size_t k = 1; k <= std::min(pushes.size(), pops.size()); ++k) {
    if (k == pushes.size() && k < pops.size()) continue;  // one too many belongs to some push
    const bool apart = pushed[k] < begin(pushes, k) && popped[k] < begin(pops, k);
    // Either the first in are the first out, or they are out before the next are in.
    if (!apart || (!fifo && (popped[k] >= begin(pushes, k) || pushed[k] >= begin(pops, k))))
      continue;
    add(k, k);
  }
  // Pushes that nobody popped.
  for (std::size_t k = std::max(from, pops.size()) + 1; k < pushes.size() && fifo; ++k) {
    if (from >= pops.size() && pushed[k] < begin(pushes, k)) add(k, pops.size());
  }
  if (from < pushes.size() || from < pops.size()) add(pushes.size(), pops.size());
}

}  // namespace

std::vector<Role> ItemRoles(std::span<const Operation> operations,
                            const std::function<ItemUse(const Operation&)>& use_of, bool fifo) {
  std::vector<Role> roles(operations.size());
  absl::flat_hash_map<std::pair<Value, Value>, Equals> values;
  std::vector<std::size_t> refused;
  for (const std::size_t i : InOrderOfCalls(operations)) {
    const Operation& op = operations[i];
    switch (use_of(op)) {
      case ItemUse::kNothing:
        break;
      case ItemUse::kPush:
        values[{op.key, op.argument}].pushes.push_back(i);
        break;
      case ItemUse::kRefused:
        refused.push_back(i);
        break;
      case ItemUse::kPop:
        if (!op.pending()) {
          values[{op.key, op.result}].pops.push_back(i);
          break;
        }
        roles[i].keep = true;  // nobody knows what it took
        fifo = false;
        break;
    }
  }
  std::vector<Group> groups;
  for (const auto& [value, equals] : values) Divide(operations, equals, fifo, groups);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto name = static_cast<Value>(g);
    const bool too_many = groups[g].pops.size() > groups[g].pushes.size();
    for (const std::size_t i : groups[g].pushes) roles[i].gives = name;
    for (const std::size_t i : groups[g].pops) {
      roles[i].needs = {name};
      roles[i].together = !too_many;
    }
    for (const std::size_t i : refused) {
      // What may be in makes it full.
      if (groups[g].first <= operations[i].done && groups[g].last >= operations[i].invoke) {
        roles[i].needs.push_back(name);
      }
    }
  }
  return roles;
}

std::vector<Role> SectionRoles(std::span<const Operation> operations,
                               const std::function<SectionUse(const Operation&)>& use_of) {
  std::vector<Role> roles(operations.size());
  std::map<std::int32_t, std::vector<std::size_t>> open;
  std::vector<std::size_t> acquisitions;
  std::vector<std::size_t> refused;
  std::vector<Time> released(operations.size(), kNever);
  for (const std::size_t i : InOrderOfCalls(operations)) {
    std::vector<std::size_t>& own = open[operations[i].process];
    switch (use_of(operations[i])) {
      case SectionUse::kAcquire:
        roles[i].gives = static_cast<Value>(i);
        own.push_back(i);
        acquisitions.push_back(i);
        break;
      case SectionUse::kRelease:
        if (own.empty()) break;
        roles[i].needs = {static_cast<Value>(own.back())};
        roles[i].together = true;
        released[own.back()] = operations[i].done;
        own.pop_back();
        break;
      case SectionUse::kRefused:
        refused.push_back(i);
        break;
    }
  }
  for (const std::size_t i : refused) {
    for (const std::size_t acquisition : acquisitions) {
      if (operations[acquisition].invoke > operations[i].done) continue;
      if (released[acquisition] < operations[i].invoke) continue;
      roles[i].needs.push_back(static_cast<Value>(acquisition));
    }
  }
  return roles;
}

std::vector<Role> CellRoles(std::span<const Operation> operations, Value initial,
                            const std::function<CellUse(const Operation&)>& use_of) {
  std::vector<Role> roles(operations.size());
  std::vector<CellUse> uses;
  uses.reserve(operations.size());
  bool all = false;
  for (const Operation& op : operations) {
    uses.push_back(use_of(op));
    all = all || uses.back().all;
  }
  absl::flat_hash_map<Value, Setters> cells;
  for (const std::size_t i : InOrderOfCalls(operations)) {
    if (!uses[i].sets) continue;
    Setters& setters = cells[uses[i].cell];
    setters.any.all.push_back(i);
    setters.to[uses[i].left].all.push_back(i);
    roles[i].gives = static_cast<Value>(i);
    roles[i].keep = all;
  }
  for (auto& [cell, setters] : cells) setters.Finish(operations);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (uses[i].asks == CellUse::Asks::kNothing) continue;
    if (uses[i].asks == CellUse::Asks::kThatItIs) {
      roles[i].from = uses[i].asked;
      roles[i].from_start = uses[i].asked == initial;
    }
    const auto setters = cells.find(uses[i].cell);
    if (setters == cells.end()) continue;
    AddNeeds(operations, setters->second, uses[i], i, initial, roles[i]);
    const bool first = !setters->second.OverwrittenBefore(operations[i].invoke);
    if (uses[i].sets && roles[i].needs.size() == 1 && !(first && uses[i].asked == initial)) {
      roles[i].to = uses[i].left;
    }
  }
  return roles;
}

}  // namespace heddle::linearizability
