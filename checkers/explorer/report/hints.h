// SPDX-License-Identifier: Apache-2.0
//
// What is known of errors like the one that was found.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_HINTS_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_HINTS_H_

#include <string>

#include "checkers/explorer/report/naming.h"
#include "checkers/explorer/report/record.h"

namespace heddle::explorer::report {

// A line, or nothing. Code without debug information is not recognized.
std::string Hint(const Record& record, Namer& namer);

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_HINTS_H_
