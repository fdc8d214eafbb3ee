// SPDX-License-Identifier: Apache-2.0
//
// The verdict matrix of the lock-order analyzer: small programs of which it is known what is to be
// found in them, run with the recorder preloaded and with the recorder linked in.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_MATRIX_RUN_MATRIX_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_MATRIX_RUN_MATRIX_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/verdict.h"

namespace heddle::lock_order {

// An entry of rows.json.
struct MatrixEntry {
  std::string row;
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::string> options;  // of HEDDLE_LOCKORDER_OPTIONS
  std::vector<std::string> ways;     // "preload", "linked"; empty: both
  // Instead of arguments and options: arguments of `heddle lockorder`, run one after the other. All
  // but the last end with status 0.
  std::vector<std::vector<std::string>> steps;
  std::string claim;
  std::vector<std::string> findings;  // sorted; empty: silence
  int status = 0;
};

// Every row needs an entry in which something is found and one in which nothing is.
absl::StatusOr<std::vector<MatrixEntry>> ParseRows(absl::string_view json);

// The kinds of the findings in a report, in the vocabulary of rows.json, sorted.
absl::StatusOr<std::vector<std::string>> FindingsOf(absl::string_view report);

struct MatrixOptions {
  std::vector<std::string> patterns;   // parts of scenario names; none: everything
  std::vector<std::string> ways;       // "preload", "linked", "steps"; none: all
  std::string runfiles;                // directory with a trailing slash
  std::vector<std::string> lockorder;  // the command "heddle lockorder"
  std::string watcher;                 // what a linked-in recorder starts
  std::function<void(const VerdictRecord&)> on_verdict;
};

// Number of verdicts that RunMatrix() will give.
absl::StatusOr<std::size_t> CountMatrix(const MatrixOptions& options);

// An exit status of checkers/scenario/command_line.h. Errors other than a wrong verdict are
// printed.
int RunMatrix(const MatrixOptions& options);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_MATRIX_RUN_MATRIX_H_
