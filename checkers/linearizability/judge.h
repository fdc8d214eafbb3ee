// SPDX-License-Identifier: Apache-2.0
//
// One part of a history, and how a counterexample gets small.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_JUDGE_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_JUDGE_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/search.h"
#include "checkers/linearizability/spec.h"

namespace heddle::linearizability {

struct PartVerdict {
  SearchResult result;  // judgement always, the rest of a search
  bool searched = false;
  std::vector<std::size_t> witness;  // of a fast verdict
};

PartVerdict JudgePart(std::span<const Operation> operations, const Model& model,
                      const Options& options, const Budget& budget);

// Of operations that are judged violated, a few that still are; `shrunk`: none can be left out.
// Delta debugging (A. Zeller, R. Hildebrandt, 2002), with what belongs together left out together
// (Role).
std::vector<std::size_t> Shrink(std::span<const Operation> operations, const Model& model,
                                const Options& options, const PartVerdict& verdict,
                                std::chrono::steady_clock::time_point deadline, bool& shrunk);

// A counterexample on an object on which changes are sums (Model::Change()).
struct Summed {
  std::vector<std::size_t> asking;  // that cannot have returned what they have
  std::vector<std::size_t> beside;  // changes meanwhile, whatever they returned
  std::vector<std::size_t> before;  // changes that were over before
  Operation sum;                    // of these
};

// Of operations that are judged violated: as few asking ones as are. What the others ask for is
// left out first, then those that came after; those before are one change. So a right history stays
// right. nullopt: changes are not sums, or there was no time.
std::optional<Summed> SumUp(std::span<const Operation> operations, const Model& model,
                            const Options& options, const PartVerdict& verdict,
                            std::chrono::steady_clock::time_point deadline);

// What is to be judged of it: the sum, the asking ones, changes.
std::vector<Operation> Select(std::span<const Operation> operations, const Model& model,
                              const Summed& summed);

// What is left without one operation and all that cannot stay without it. Empty: it is kept.
std::vector<std::size_t> LeaveOut(std::span<const Operation> operations, const Model& model,
                                  std::size_t which);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_JUDGE_H_
