// SPDX-License-Identifier: Apache-2.0
//
// Judges histories: divides them into the parts that the specification allows to be judged apart
// (P-compositionality: A. Horn, D. Kroening, Faster linearizability checking via
// P-compositionality, FORTE 2015), decides each by its patterns or by a search, several at once,
// and says in as few operations as it can what is wrong.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_CHECK_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_CHECK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

enum class Criterion : std::uint8_t {
  // An operation that ended before another began comes before it.
  kLinearizability,
  // Only the operations of one process keep their order. Not local: several objects that are so
  // each need not be so together, hence nothing is divided.
  kSequentialConsistency,
  // Only operations between which there was a time without any keep their order.
  kQuiescentConsistency,
};

struct Options {
  Criterion criterion = Criterion::kLinearizability;
  bool divide = true;  // into parts
  bool fast = true;    // without a search where that is possible
  // What the whole check may use; 0: no bound. Memory is of one part's search.
  std::uint64_t max_steps = 0;
  std::size_t max_memory = std::size_t{4} << 30;
  std::chrono::nanoseconds max_time{0};
  // How long to look for a smaller counterexample. 0: not at all.
  std::chrono::nanoseconds shrink_time = std::chrono::seconds(5);
  int threads = 0;  // 0: one for each processor
};

// What is wrong. Operations are indices into the history.
struct Violation {
  std::vector<std::size_t> part;  // the operations that were judged together
  // Of these, some that are wrong on their own, each for the reason the whole is.
  std::vector<std::size_t> minimal;
  bool shrunk = false;  // none of them can be left out; else time ran out
  // Of an object on which changes are sums: what was over before any of `minimal` that matters by
  // what it returned, and what all these did together. `minimal` is wrong after that.
  std::vector<std::size_t> before;
  std::optional<Operation> sum;
  // The longest order found of a beginning of `minimal`, and the operation that returned although
  // it cannot be placed after it.
  std::vector<std::size_t> prefix;
  std::optional<std::size_t> stuck;
};

struct Result {
  Judgement judgement = Judgement::kOk;
  Shortage shortage = Shortage::kNone;  // of kExhausted
  std::size_t parts = 0;
  std::size_t searched = 0;  // parts that needed a search
  std::uint64_t steps = 0;   // of all searches
  std::size_t memory = 0;    // bytes, of the largest one
  std::optional<Violation> violation;
};

// An error if the history cannot be judged as asked: then the message says why.
absl::StatusOr<Result> Check(std::span<const Operation> operations, const Model& model,
                             const Options& options = {});

template <Spec S>
absl::StatusOr<Result> Check(const History& history, S spec, const Options& options = {}) {
  return Check(history.operations, ModelOf<S>(std::move(spec)), options);
}

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_CHECK_H_
