// SPDX-License-Identifier: Apache-2.0
//
// The general search for an order of operations that the specification allows.
//
// Algorithm: Wing and Gong (Testing and Verifying Concurrent Objects, 1993) with the memory of Lowe
// (Testing for linearizability, 2017), in his just-in-time form: an operation is placed only when
// some operation is about to return that has not been placed. A configuration is the place in the
// history, the state, and which of the operations that have begun and not ended are placed; none is
// visited twice. It keeps only orders that matter:
//   - an operation that only reads is placed as soon as it can return what it did;
//   - of equal calls, the one that returns first is placed first;
//   - operations on another part of the object than the one about to return wait;
//   - a configuration that has used up more pending operations than one visited before, and is
//     otherwise the same, can do nothing that the other cannot.
// None of this is an approximation. Memory: proportional to the configurations visited.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "checkers/linearizability/history.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

enum class Judgement : std::uint8_t {
  kOk,
  kViolated,
  kExhausted,  // out of budget: neither is known
};

enum class Shortage : std::uint8_t { kNone, kSteps, kTime, kMemory, kStopped };

// What a search may use. Zero: no bound.
struct Budget {
  std::uint64_t steps = 0;  // attempts to place an operation
  std::size_t memory = 0;   // bytes
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  // Ends the search when it becomes true. May be null.
  const std::atomic<bool>* stop = nullptr;
};

struct SearchResult {
  Judgement judgement = Judgement::kOk;
  Shortage shortage = Shortage::kNone;
  std::uint64_t steps = 0;
  std::size_t memory = 0;
  // The order found, or the longest one if there is none (of operations, by index).
  std::vector<std::size_t> order;
  // The operation that could not be placed after it before it returned.
  std::optional<std::size_t> stuck;
};

// Linearizability: an operation that ended before another began comes before it.
SearchResult Search(std::span<const Operation> operations, const Model& model,
                    const Budget& budget);

// Sequential consistency: only each process's own operations keep their order.
SearchResult SearchSequential(std::span<const Operation> operations, const Model& model,
                              const Budget& budget);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_SEARCH_H_
