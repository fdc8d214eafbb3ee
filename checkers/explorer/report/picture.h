// SPDX-License-Identifier: Apache-2.0
//
// The picture of an execution: threads are columns, each step is a box in a row of its own. An
// arrow leaves its box into the gap beside the column, goes along that to the row of the other box,
// and there to it: no arrow crosses a box, whatever the number of steps.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_PICTURE_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_PICTURE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"

namespace heddle::explorer::report {

// For text and attributes of HTML.
std::string Escaped(absl::string_view text);

// The threads' names, for a line that stays in sight, and below it the SVG element.
std::string Picture(const Execution& execution);

// Rules for both.
extern const char kPictureStyle[];

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_PICTURE_H_
