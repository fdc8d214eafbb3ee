// SPDX-License-Identifier: Apache-2.0
//
// The analyzer's part of HEDDLE_LOCKORDER_OPTIONS ("key=value:key=value", as the sanitizers have
// it; values may be quoted; a word alone means 1) and of the command line of `heddle lockorder`.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_OPTIONS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_OPTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace heddle::lock_order {

struct Options {
  int exitcode = 66;                   // instead of 0 when something was found
  std::string format = "text";         // what goes to `log`: text, json, sarif, dot, html
  std::string log;                     // a file; empty: standard error
  std::string json, sarif, dot, html;  // further reports, each to a file
  std::string suppressions;            // a file
  std::string enforce;                 // a file: a hierarchy
  std::string keep_graph;              // where the recorded graph is kept
  bool halt_on_deadlock = false;       // end the program when it is deadlocked
  bool classes = false;                // cycles of inferred classes too
  bool stacks = true;                  // of deadlocked threads, by tracing them
  bool full_stacks = false;            // text: frames of system headers and of the runtime too

  // Keys that are the runtime's business, in their order.
  std::vector<std::pair<std::string, std::string>> runtime;
};

// Sets one option; keys that are the runtime's go to `runtime`. An error is about a key that
// neither knows, or a value.
absl::Status SetOption(absl::string_view key, absl::string_view value, Options& options);

// Later settings win.
absl::Status ParseOptions(absl::string_view text, Options& options);

// For the environment of a child: `runtime` as text.
std::string RuntimeOptionsText(const Options& options);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_OPTIONS_H_
