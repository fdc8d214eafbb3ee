// SPDX-License-Identifier: Apache-2.0
//
// Reads recorded histories.
//
// JSON lines: each line is a whole operation,
//   {"process": 0, "f": "push", "value": 3, "result": true, "invoke": 12, "return": 20}
// without "return" if nobody knows whether it ended, or an event with "type" as below. Where
// several objects, or keys, are used, "key" says which.
//
// EDN, as Jepsen writes it: each form is an event, in the order in which they happened,
//   {:process 0, :type :invoke, :f :cas, :value [1 2]}
//   {:process 0, :type :ok, :f :cas, :value [1 2]}
// :fail is an operation that did not happen, :info one that nobody knows the end of. A value
// [key value] belongs to an independent key. What processes without a number do does not count.
//
// One vector may enclose all forms. Errors are "line N: ...".
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_READER_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_READER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/named_spec.h"

namespace heddle::linearizability {

// Which of the two it is, the content says.
absl::StatusOr<History> ReadHistory(absl::string_view text, const NamedSpec& spec);

absl::StatusOr<History> ReadJsonHistory(absl::string_view text, const NamedSpec& spec);
absl::StatusOr<History> ReadEdnHistory(absl::string_view text, const NamedSpec& spec);

// JSON lines that ReadJsonHistory() reads as the same history, of whole operations.
std::string WriteJsonHistory(const History& history, const NamedSpec& spec);

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_HISTORY_READER_H_
