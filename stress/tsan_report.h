// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_TSAN_REPORT_H_
#define HEDDLE_STRESS_TSAN_REPORT_H_

#include <optional>
#include <string>

#include "checkers/scenario/verdict.h"

namespace heddle::stress {

// Without ThreadSanitizer these do nothing.

// From now on its reports are kept instead of printed, and the first is a failure.
void CatchTsanReports();

// Makes the first report so far, if there is one, this run's failure, and gives its verdict. What
// failed after the report is its consequence: the report comes first.
std::optional<Verdict> CollectTsanReport();

// Whether there is one to collect.
bool HasTsanReport();

// The text of that report; empty when there is none.
std::string FirstTsanReport();

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_TSAN_REPORT_H_
