// SPDX-License-Identifier: Apache-2.0
//
// Verdict records for people and for CI: the terminal's table, totals, JUnit XML.
#ifndef HEDDLE_CHECKERS_SCENARIO_REPORT_H_
#define HEDDLE_CHECKERS_SCENARIO_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/scenario/verdict.h"

namespace heddle {

// "1 scenario", "2 scenarios".
std::string Counted(std::uint64_t number, std::string_view what);
// The name that a binary takes for the whole of it: "mutex/x.excludes~mutant".
std::string FullName(const VerdictRecord& record);
// The frames of the stacks in a failure's text, a line each: reports with the same ones are of the
// same bug. Empty where there are none.
std::string StackFrames(std::string_view detail);
std::string TableHeader();
std::string TableRow(const VerdictRecord& record);  // one line; a reason follows where it matters
// What the scenario's executions ended with: a line for each outcome, its grade, how often, why.
// Empty where nothing was observed.
std::string OutcomeTable(const VerdictRecord& record);
std::string Totals(const std::vector<VerdictRecord>& records, double seconds);
// Text for XML and HTML, attributes included; control characters are left out.
std::string EscapeXml(std::string_view text);
std::string JUnit(const std::vector<VerdictRecord>& records);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_REPORT_H_
