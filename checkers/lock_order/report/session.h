// SPDX-License-Identifier: Apache-2.0
//
// One watch over the graphs of a run (a process, those it forks, those they execute): polls them,
// analyzes them, reports what is found as it is found, and everything at the end.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SESSION_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SESSION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/wait_for.h"
#include "checkers/lock_order/report/describe.h"
#include "checkers/lock_order/report/model.h"
#include "checkers/lock_order/report/options.h"
#include "checkers/lock_order/report/source_lines.h"
#include "checkers/lock_order/report/suppressions.h"
#include "checkers/lock_order/report/symbolizer.h"

namespace heddle::lock_order {

class Session {
 public:
  // Reads the files that the options name: errors are about those.
  static absl::StatusOr<std::unique_ptr<Session>> Create(const Options& options);
  ~Session();

  // kUnavailable: not a graph yet, try again.
  absl::Status Add(const std::string& path);

  // Every 100 ms, for graphs that are live. Finds deadlocks at once, the rest as time allows.
  void Poll();

  // The last look at everything.
  void Finish();

  // Takes over the files that the reports go to.
  void NameReports(const Options& options) { options_ = options; }

  // Writes the reports that are not written as findings come.
  absl::Status WriteReports();

  // Processes found deadlocked so far.
  const std::vector<uint32_t>& deadlocked() const { return deadlocked_; }

  const Report& report() const { return report_; }
  std::size_t graphs() const { return watched_.size(); }
  GraphReader& reader(std::size_t index);

 private:
  struct Watched;

  explicit Session(Options options);

  void Analyze(Watched& watched, bool final);
  bool Take(Describer& describer, const Finding& finding);  // false: suppressed
  void Print(absl::string_view text);
  void FindAcrossProcesses();

  Options options_;
  AnalyzerOptions analyzer_options_;
  Suppressions suppressions_;
  Symbolizer symbolizer_;
  SourceLines sources_;
  Report report_;
  uint32_t next_lock_ = 1;
  std::vector<std::unique_ptr<Watched>> watched_;
  std::vector<uint32_t> deadlocked_;
};

// The whole of a file; errors name it.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_REPORT_SESSION_H_
