// SPDX-License-Identifier: Apache-2.0
//
// The table of primitives in README.md: guarantees from each header's "// In short:" line, what
// checked them from verdicts.
#ifndef HEDDLE_TOOLS_HEDDLE_PRIMITIVE_TABLE_H_
#define HEDDLE_TOOLS_HEDDLE_PRIMITIVE_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/verdict.h"

namespace heddle {

// The text after "// In short:" and on the comment lines that continue it; empty when there is
// none.
std::string GuaranteesIn(absl::string_view header);

// Markdown. `guarantees` maps "mutex/ticket_lock" to text.
std::string PrimitiveTable(const std::vector<VerdictRecord>& records,
                           const std::function<std::string(const std::string&)>& guarantees);

// Replaces what stands between the two marker lines of `text`.
absl::StatusOr<std::string> ReplaceTable(absl::string_view text, absl::string_view table);

// Headers are looked for beside the file, in primitives/.
absl::Status UpdatePrimitiveTable(const std::string& readme,
                                  const std::vector<VerdictRecord>& records);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_PRIMITIVE_TABLE_H_
