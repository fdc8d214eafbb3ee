// SPDX-License-Identifier: Apache-2.0
//
// An execution as one page that needs nothing else: its graph as a picture, threads as columns and
// steps in order, with arrows for reads-from, coherence and the synchronization between threads.
#ifndef HEDDLE_CHECKERS_EXPLORER_REPORT_HTML_H_
#define HEDDLE_CHECKERS_EXPLORER_REPORT_HTML_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "checkers/explorer/report/execution.h"

namespace heddle::explorer::report {

struct HtmlOptions {
  std::string title;
  std::string summary;
};

std::string FormatHtml(const Execution& execution, const HtmlOptions& options);

// Between steps, by their numbers.
struct Arrow {
  enum class Kind { kReadsFrom, kCoherence, kSynchronizes };
  Kind kind;
  int from;
  int to;
  bool operator==(const Arrow&) const = default;
};

// Each write to the next one in its location's coherence order, unless that reads it; each write to
// its readers; and of happens-before between threads what does not follow from other arrows of it.
std::vector<Arrow> Arrows(const Execution& execution);

}  // namespace heddle::explorer::report

#endif  // HEDDLE_CHECKERS_EXPLORER_REPORT_HTML_H_
