// SPDX-License-Identifier: Apache-2.0
//
// What repeated measurements of primitives and their references say: ratios, with their spread.
//
// A repetition runs each benchmark binary once, its rows in random order, so a primitive and its
// reference are measured seconds apart at most. Their times are divided repetition by repetition,
// and the result is the median of these ratios with its spread: what slows the whole machine down
// for a while cancels out.
#ifndef HEDDLE_TOOLS_HEDDLE_BENCH_COMPARISON_H_
#define HEDDLE_TOOLS_HEDDLE_BENCH_COMPARISON_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/heddle/spread.h"

namespace heddle {
namespace bench {

struct Pair {
  std::string row;
  std::string reference;
};

// What a row did in one repetition.
struct Measurement {
  double ns = 0;  // per operation
  double fairness =
      -1;             // least busy thread's share by the busiest one's; -1 where it means nothing
  double stolen = 0;  // share of the time in which other programs had the processors
  std::string error;  // why there is no time
};
using Repetition = std::map<std::string, Measurement>;  // by row

struct Comparison {
  Pair pair;
  Spread ours;
  Spread theirs;
  Spread ratio;  // ours / theirs of each repetition; below 1 is faster
  double fairness = -1;
  double reference_fairness = -1;
  int repetitions = 0;     // that went into it
  int set_aside = 0;       // that did not, because more than 5% of the time was stolen
  bool disturbed = false;  // too few undisturbed repetitions: it was made of all
  std::string error;
};

// Adds the rows in one binary's output (Google Benchmark's JSON).
absl::Status AddResults(absl::string_view json, Repetition& repetition);

Comparison Compare(const Pair& pair, const std::vector<Repetition>& repetitions);

std::string Table(const std::vector<Comparison>& comparisons);
std::string Json(const std::vector<Comparison>& comparisons,
                 const std::vector<Repetition>& repetitions);

}  // namespace bench
}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_BENCH_COMPARISON_H_
