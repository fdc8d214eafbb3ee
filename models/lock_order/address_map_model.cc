// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "checkers/lock_order/runtime/address_map.h"
#include "checkers/lock_order/runtime/futex_lock.h"
#include "checkers/scenario/scenario.h"
#include "models/lock_order/seam.h"

namespace heddle {
namespace {

template <class P, std::uint64_t kSlots = 2>
using Map = lock_order::AddressMap<RecorderSeam<P, kSlots>>;

constexpr std::uint64_t kKey = 8;

// A record is written, then its number is set, in the map's first table; whoever finds the number
// may read the record.
template <class P>
struct MapPublishes {
  static constexpr int kThreads = 2;
  Map<P> map;
  typename P::template Var<int> record;

  void Thread(int index) {
    if (index == 0) {
      record.set(7);
      HEDDLE_ASSERT(map.set(kKey, 1));
    } else if (map.find(kKey) == 1) {
      HEDDLE_ASSERT(record.get() == 7);
    }
  }
  void After() { HEDDLE_ASSERT(map.find(kKey) == 1); }
};
constexpr VerdictSet kUnpublished = Verdict::kRace | Verdict::kUninitialized;
HEDDLE_SCENARIO("analyzer/address_map.publishes", MapPublishes);
HEDDLE_MUTANT("analyzer/address_map.publishes", MapPublishes, "publish_relaxed", kUnpublished);
HEDDLE_MUTANT("analyzer/address_map.publishes", MapPublishes, "find_table_relaxed", kUnpublished);

// The same in a table that is there already.
template <class P>
struct MapSets {
  static constexpr int kThreads = 2;
  Map<P, 4> map;
  typename P::template Var<int> record;

  MapSets() { HEDDLE_ASSERT(map.set(3 * kKey, 3)); }
  void Thread(int index) {
    if (index == 0) {
      record.set(7);
      HEDDLE_ASSERT(map.set(kKey, 1));
    } else if (map.find(kKey) == 1) {
      HEDDLE_ASSERT(record.get() == 7);
    }
  }
};
HEDDLE_SCENARIO("analyzer/address_map.sets", MapSets);
HEDDLE_MUTANT("analyzer/address_map.sets", MapSets, "set_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/address_map.sets", MapSets, "find_value_relaxed", Verdict::kRace);

// A lock dies and another is made at its address.
template <class P>
struct MapReplaces {
  static constexpr int kThreads = 2;
  Map<P> map;
  typename P::template Var<int> record;

  MapReplaces() { HEDDLE_ASSERT(map.set(kKey, 1)); }
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(map.set(kKey, 0));
      record.set(7);
      HEDDLE_ASSERT(map.set(kKey, 2));
    } else {
      const std::uint64_t first = map.find(kKey);
      if (first == 2) HEDDLE_ASSERT(record.get() == 7);
      const std::uint64_t second = map.find(kKey);
      HEDDLE_ASSERT(first != 2 || second == 2);
      HEDDLE_ASSERT(first != 0 || second != 1);
    }
  }
};
HEDDLE_SCENARIO("analyzer/address_map.replaces", MapReplaces);
HEDDLE_MUTANT("analyzer/address_map.replaces", MapReplaces, "replace_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/address_map.replaces", MapReplaces, "find_value_relaxed", Verdict::kRace);

// What is in the map stays findable while the map moves to a greater table.
template <class P>
struct MapGrows {
  static constexpr int kThreads = 2;
  Map<P> map;

  MapGrows() { HEDDLE_ASSERT(map.set(kKey, 1)); }
  void Thread(int index) {
    if (index == 0) {
      HEDDLE_ASSERT(map.set(2 * kKey, 2));
    } else {
      HEDDLE_ASSERT(map.find(kKey) == 1);
      const std::uint64_t other = map.find(2 * kKey);
      HEDDLE_ASSERT(other == 0 || other == 2);
    }
  }
  void After() { HEDDLE_ASSERT(map.find(kKey) == 1 && map.find(2 * kKey) == 2); }
};
HEDDLE_SCENARIO("analyzer/address_map.grows", MapGrows);
HEDDLE_MUTANT("analyzer/address_map.grows", MapGrows, "published_empty", Verdict::kAssertion);
HEDDLE_MUTANT("analyzer/address_map.grows", MapGrows, "publish_relaxed", kUnpublished);

// Two threads meet a lock that nobody has seen: looked up without the recorder's lock, then again
// under it. One record is made, and both know it.
template <class P>
struct MapAgrees {
  static constexpr int kThreads = 2;
  Map<P, 4> map;
  lock_order::BasicFutexLock<RecorderSeam<P>> lock;
  typename P::template Var<int> records{0};
  std::uint64_t found[kThreads] = {};

  MapAgrees() { HEDDLE_ASSERT(map.set(3 * kKey, 3)); }
  void Thread(int index) {
    std::uint64_t number = map.find(kKey);
    if (number == 0) {
      lock.lock();
      number = map.find(kKey);
      if (number == 0) {
        records.set(records.get() + 1);
        number = static_cast<std::uint64_t>(records.get());
        HEDDLE_ASSERT(map.set(kKey, number));
      }
      lock.unlock();
    }
    HEDDLE_ASSERT(records.get() == 1);
    found[index] = number;
  }
  void After() { HEDDLE_ASSERT(found[0] == 1 && found[1] == 1); }
};
HEDDLE_SCENARIO("analyzer/address_map.agrees", MapAgrees);
HEDDLE_MUTANT("analyzer/address_map.agrees", MapAgrees, "set_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/address_map.agrees", MapAgrees, "unlock_relaxed",
              Verdict::kRace | Verdict::kUninitialized | Verdict::kAssertion);

}  // namespace
}  // namespace heddle
