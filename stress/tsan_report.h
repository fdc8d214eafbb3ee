// SPDX-License-Identifier: Apache-2.0
#ifndef HEDDLE_STRESS_TSAN_REPORT_H_
#define HEDDLE_STRESS_TSAN_REPORT_H_

#include <string>

namespace heddle::stress {

// Without ThreadSanitizer these do nothing.

// From now on its reports are kept instead of printed, and the first is a failure.
void CatchTsanReports();

// The first report's text; empty without one.
std::string FirstTsanReport();

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_TSAN_REPORT_H_
