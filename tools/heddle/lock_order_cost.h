// SPDX-License-Identifier: Apache-2.0
//
// What watching a program's lock order costs, by shape of use, and what it costs by others' means.
// The numbers; bench_lock_order.h measures them.
#ifndef HEDDLE_TOOLS_HEDDLE_LOCK_ORDER_COST_H_
#define HEDDLE_TOOLS_HEDDLE_LOCK_ORDER_COST_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/heddle/spread.h"

namespace heddle::bench {

enum class Way { kBare, kHeddle, kTsan, kDyndd, kAbslIgnore, kAbslReport };

// A line of the table: a phase of a shape (checkers/lock_order/bench/lock_cost.h).
struct CostRow {
  const char* phase;
  const char* shape;
  long count;     // locks, or pairs of lock and unlock
  bool many;      // as many locks as `count`: times count, not ratios, and memory does
  double target;  // the most that Heddle may cost: ratio to bare, or nanoseconds; 0: none
  double bytes;   // the most bytes per lock; 0: none
};
const std::vector<CostRow>& CostRows();

struct CostSample {
  double ns = 0;     // per pair of lock and unlock
  double bytes = 0;  // by which the resident memory grew
  double slow = -1;  // entries into the slow path per million acquisitions, or -1
  std::string error;
};
// By phase.
using CostRun = std::map<std::string, CostSample>;
using CostRepetition = std::map<std::string, std::map<Way, CostSample>>;

// The output of a workload program.
absl::StatusOr<CostRun> ParseCosts(absl::string_view text);

struct Cost {
  Spread ns;
  Spread ratio;      // to bare, or for absl's report to its ignore, of each repetition
  double bytes = 0;  // per lock, above bare's; median
  double slow = -1;  // median
  int repetitions = 0;
  std::string error;
};
struct CostSummary {
  CostRow row;
  std::map<Way, Cost> costs;
};
CostSummary Summarize(const CostRow& row, const std::vector<CostRepetition>& repetitions);

// `missing`: what could not be measured at all, and why.
using Missing = std::map<Way, std::string>;
std::string CostTable(const std::vector<CostSummary>& summaries, const Missing& missing);
std::string CostJson(const std::vector<CostSummary>& summaries, const Missing& missing);

}  // namespace heddle::bench

#endif  // HEDDLE_TOOLS_HEDDLE_LOCK_ORDER_COST_H_
