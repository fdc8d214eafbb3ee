// SPDX-License-Identifier: Apache-2.0
//
// What `heddle stress` says beyond a line for each scenario.
#ifndef HEDDLE_TOOLS_HEDDLE_STRESS_REPORT_H_
#define HEDDLE_TOOLS_HEDDLE_STRESS_REPORT_H_

#include <string>
#include <vector>

#include "checkers/scenario/verdict.h"

namespace heddle {

// Which mode ran how much, and found how much, over all scenarios: a line for each engine and mode.
std::string CoverageTable(const std::vector<VerdictRecord>& records);

// The record of a scenario, or a mutant, that there was no time for at all: incomplete, not ok.
VerdictRecord NotRun(const std::string& full_name, const std::string& engine);

// A line on what there was no time for: modes of scenarios that ran, and scenarios. Empty:
// everything ran.
std::string LeftOut(const std::vector<VerdictRecord>& records);

// What each engine found of each mutant, after how many seconds, or that it missed it: a Markdown
// table, a line for each mutant and a column for each engine that ran one.
std::string MutantTable(const std::vector<VerdictRecord>& records);

// Everything as one HTML page without scripts: verdicts, histograms of outcomes, coverage.
std::string StressPage(const std::vector<VerdictRecord>& records);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_STRESS_REPORT_H_
