// SPDX-License-Identifier: Apache-2.0
//
// Reports for people, in the manner of the sanitizers.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_

#include <string>

#include "checkers/lock_order/report/model.h"
#include "checkers/lock_order/report/source_lines.h"

namespace heddle::lock_order {

struct TextStyle {
  // Every frame with its whole path. Otherwise what is inside system headers and outside the
  // program is left out; frames keep their numbers.
  bool full_stacks = false;
  SourceLines* sources = nullptr;  // for the lines to show, and short paths; nullptr: neither
};

// One finding, between two ruled lines.
std::string FindingAsText(const ReportFinding& finding, const TextStyle& style = {});

// What follows all findings: counts, suppressions, notes. Empty when there is nothing to say.
std::string SummaryAsText(const Report& report);

std::string ReportAsText(const Report& report, const TextStyle& style = {});

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_TEXT_H_
