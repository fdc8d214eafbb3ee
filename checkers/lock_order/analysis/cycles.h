// SPDX-License-Identifier: Apache-2.0
//
// Finds the lock cycles that can deadlock. A dependency is "thread T acquired lock L while it held
// H"; a set of dependencies d1..dk, k >= 2, can deadlock when
//   1. each acquires a lock that the next holds, the last one that the first holds, in modes that
//      exclude each other;
//   2. they are of different threads;
//   3. no two hold the same lock (a gate), unless both only read it: their own held locks, and
//   those
//      that another thread held around the whole life of theirs;
//   4. all of them can be at that point at once: no two are ordered by thread creation, join,
//      barrier and the like.
// This is Goodlock with segments (Bensalem, Havelund 2005) and guards over held *sets*.
//
// First the strongly connected components, in linear time, over locks and chains: a chain stands
// for the whole set it holds, so no edge per pair of held and acquired lock is needed. Then, within
// each, a search from each dependency for cycles of length 2, 3, ... up to the number of threads,
// in a budget of steps. All conditions concern pairs, so a cycle with a chord contains a shorter
// one that is reported instead. A cycle of the same locks is reported once.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CYCLES_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CYCLES_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"
#include "checkers/lock_order/analysis/segments.h"

namespace heddle::lock_order {

struct CycleOptions {
  uint64_t budget = 50'000'000;  // steps of one call
  // Merges locks of the same class: an order learnt on one pair of locks counts for every pair. By
  // node, the class's number; empty: every lock is its own.
  std::vector<uint32_t> class_of;
};

class CycleFinder {
 public:
  explicit CycleFinder(CycleOptions options = {}) : options_(std::move(options)) {}

  void SetClasses(std::vector<uint32_t> class_of) { options_.class_of = std::move(class_of); }

  // The cycles that no earlier call returned, shortest first. The graph is the same one as before,
  // grown.
  std::vector<Cycle> Find(const Graph& graph, Segments& segments);

  // Searches everything again at the next call.
  void SearchAgain() { searched_.clear(); }

  // Lets a returned cycle be found again, in another form: this one turned out to be impossible.
  void Forget(const Graph& graph, const Cycle& cycle);

  // The last call did not search everything.
  bool exhausted() const { return exhausted_; }

 private:
  friend class CycleSearch;

  void TakeNewRecords(const Graph& graph);
  uint32_t LockOf(uint32_t node) const {
    return node < options_.class_of.size() ? options_.class_of[node] : node;
  }

  CycleOptions options_;
  bool exhausted_ = false;
  std::size_t visits_ = 1;
  std::vector<uint32_t> first_visit_;  // by chain
  std::vector<uint32_t> next_visit_;   // by visit
  std::size_t events_ = 1;
  absl::flat_hash_map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>>
      guards_;  // by thread: lock held around its life, and by whom
  absl::flat_hash_set<std::vector<uint32_t>> reported_;  // classes in canonical rotation
  // What was searched in a component: nothing new, nothing to do again.
  absl::flat_hash_map<uint32_t, std::pair<uint64_t, uint64_t>> searched_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ANALYSIS_CYCLES_H_
