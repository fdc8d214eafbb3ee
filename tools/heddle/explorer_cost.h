// SPDX-License-Identifier: Apache-2.0
//
// What `heddle bench explorer` measures: its rows, and tables of what came out.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORER_COST_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORER_COST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/verdict.h"
#include "nlohmann/json.hpp"
#include "tools/heddle/spread.h"

namespace heddle::bench {

// A program of checkers/explorer/programs, with an argument.
struct ExplorerRow {
  const char* kernel;
  int argument;
  const char* file;      // without its ending
  const char* function;  // of the file, that the kernel is
  // Blocked executions, at most: of the complete ones.
  double most_blocked;
  double least_rate;   // executions a second; 0: no target
  double least_ratio;  // of GenMC's time over ours; 0: no target
};

const std::vector<ExplorerRow>& ExplorerRows();
std::string NameOf(const ExplorerRow& row);  // "ticket/5"

// Of the measured program's process, and those that it started.
struct ExplorerSample {
  std::uint64_t complete = 0;
  std::uint64_t blocked = 0;
  double seconds = 0;    // by the clock, of the exploration
  double processor = 0;  // seconds of it, of the whole program
  double mebibytes = 0;  // the largest process's most
  std::string error;
};

struct ExplorerRepetition {
  ExplorerSample one;  // process
  ExplorerSample two;
  std::optional<ExplorerSample> genmc{};
};

struct ExplorerSummary {
  ExplorerRow row;
  ExplorerSample counts;  // of the last repetition
  Spread seconds;         // of processor time, with one process
  Spread speedup;         // one process's time by the clock over that of two, in each repetition
  std::optional<ExplorerSample> genmc;  // of the last repetition that had it
  Spread genmc_seconds;                 // of processor time
  std::string error;
};

ExplorerSummary SummarizeExplorer(const ExplorerRow& row,
                                  const std::vector<ExplorerRepetition>& repetitions);

// What GenMC prints, but for its processor time.
absl::StatusOr<ExplorerSample> ParseGenmc(absl::string_view output);
// A C file for GenMC: the row's function alone, called by main().
std::string GenmcSource(const ExplorerRow& row, absl::string_view source);

// Scenarios of the repository that both engines have explored, and that have no error to find.
struct ScenarioTotals {
  struct Engine {
    double executions = 0;  // blocked ones too
    double seconds = 0;
    int incomplete = 0;
  };
  int scenarios = 0;
  Engine relacy;
  Engine explore;
  // What Relacy's search did not complete: the explorer's record of it.
  std::vector<VerdictRecord> beyond_relacy;
  std::vector<std::string> problems;  // that end in another way than expected under the explorer
};

ScenarioTotals CompareScenarios(const std::vector<VerdictRecord>& records);

// Peak memory by number of executions.
using MemoryByExecutions = std::map<std::uint64_t, double>;

std::string ExplorerTable(const std::vector<ExplorerSummary>& summaries);
std::string MemoryTable(const MemoryByExecutions& memory);
std::string ScenarioTable(const ScenarioTotals& totals);

nlohmann::json ToJson(const ExplorerSummary& summary);
nlohmann::json ToJson(const ScenarioTotals& totals);

}  // namespace heddle::bench

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORER_COST_H_
