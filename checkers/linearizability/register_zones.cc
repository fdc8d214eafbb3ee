// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checkers/linearizability/fast.h"

namespace heddle::linearizability {
namespace {

constexpr std::size_t kNobody = SIZE_MAX;

// The operations on one value. Times are one more than the history's: the initial value was written
// at 0.
struct Zone {
  std::size_t write = kNobody;
  Time write_invoke = 0;
  Time first_done = kNever;
  std::size_t first = kNobody;
  Time last_invoke = 0;
  std::size_t last = kNobody;
  bool read = false;

  void Add(std::size_t op, Time invoke, Time done) {
    if (done < first_done) {
      first_done = done;
      first = op;
    }
    if (last == kNobody || invoke > last_invoke) {
      last_invoke = invoke;
      last = op;
    }
  }
  // The value is the register's from first_done to last_invoke, and nobody else's between.
  bool forward() const { return first_done < last_invoke; }
  Time begin() const { return std::min(first_done, last_invoke); }
  Time end() const { return std::max(first_done, last_invoke); }
};

Time Later(Time time) { return time == kNever ? kNever : time + 1; }

FastVerdict Wrong(std::initializer_list<const Zone*> zones) {
  FastVerdict wrong{.ok = false, .witness = {}};
  for (const Zone* zone : zones) {
    for (const std::size_t op : {zone->write, zone->first, zone->last}) {
      if (op != kNobody) wrong.witness.push_back(op);
    }
  }
  std::sort(wrong.witness.begin(), wrong.witness.end());
  wrong.witness.erase(std::unique(wrong.witness.begin(), wrong.witness.end()), wrong.witness.end());
  return wrong;
}

FastVerdict Judge(std::vector<Zone> zones) {
  std::sort(zones.begin(), zones.end(),
            [](const Zone& a, const Zone& b) { return a.begin() < b.begin(); });
  const Zone* last = nullptr;  // the forward zone that ends last
  for (const Zone& zone : zones) {
    if (!zone.forward()) continue;
    if (last != nullptr && zone.begin() < last->end()) return Wrong({last, &zone});
    last = &zone;
  }
  // Forward zones do not overlap: only the last one that began before can contain another.
  last = nullptr;
  for (const Zone& zone : zones) {
    if (zone.forward()) {
      last = &zone;
    } else if (last != nullptr && last->begin() < zone.begin() && zone.end() < last->end()) {
      return Wrong({last, &zone});
    }
  }
  return FastVerdict{};
}

}  // namespace

std::optional<FastVerdict> FastRegister(std::span<const Operation> operations, std::int32_t read,
                                        std::int32_t write, Value initial) {
  std::vector<Zone> zones(1);
  zones[0].Add(kNobody, 0, 0);
  absl::flat_hash_map<Value, std::size_t> zone_of{{initial, 0}};
  zone_of.reserve(operations.size() / 2);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& op = operations[i];
    if (op.function != read && op.function != write) return std::nullopt;
    if (op.function != write) continue;
    if (!zone_of.try_emplace(op.argument, zones.size()).second) return std::nullopt;
    Zone& zone = zones.emplace_back();
    zone.write = i;
    zone.write_invoke = Later(op.invoke);
    zone.Add(i, Later(op.invoke), Later(op.done));
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& op = operations[i];
    if (op.function != read || op.pending()) continue;
    const auto at = zone_of.find(op.result);
    if (at == zone_of.end()) return FastVerdict{.ok = false, .witness = {i}};
    Zone& zone = zones[at->second];
    if (Later(op.done) < zone.write_invoke) {
      return FastVerdict{.ok = false, .witness = {zone.write, i}};
    }
    zone.read = true;
    zone.Add(i, Later(op.invoke), Later(op.done));
  }
  // A write that did not return, of a value that nobody read, need not have happened.
  std::erase_if(zones, [](const Zone& zone) { return zone.first_done == kNever; });
  return Judge(std::move(zones));
}

}  // namespace heddle::linearizability
