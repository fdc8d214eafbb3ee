// SPDX-License-Identifier: Apache-2.0
//
// What the subcommands that run scenario binaries share: choosing them, and showing how far they
// are.
#ifndef HEDDLE_TOOLS_HEDDLE_SCENARIO_RUNS_H_
#define HEDDLE_TOOLS_HEDDLE_SCENARIO_RUNS_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/heddle/suite.h"

namespace heddle {

// A line "12/340, 3.1/s, 105 s left" that overwrites itself on a terminal.
class Progress {
 public:
  explicit Progress(std::size_t total);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Done() { ++done_; }
  void Clear() const;
  void Show() const;

 private:
  const std::size_t total_;
  const bool shown_;
  std::size_t done_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Leaves the binaries of these engines, or all where none is named. An error names an engine that
// does not exist.
absl::Status KeepEngines(const std::vector<std::string>& wanted,
                         std::vector<ScenarioBinary>& binaries);

struct SelectedBinary {
  ScenarioBinary binary;
  std::vector<std::string> scenarios;  // that match
};

// The binaries with scenarios whose name contains a pattern; all where there is none. `flags` are
// given to them too ("--nomutants"). Nothing when interrupted.
std::optional<std::vector<SelectedBinary>> SelectScenarios(
    const std::vector<ScenarioBinary>& binaries, const std::vector<std::string>& patterns,
    const std::vector<std::string>& flags);

// Whether a report can be written there, found out before hours of work. An empty path is fine.
absl::Status CheckWritable(const std::string& path);

// --out, or out/ in the workspace.
std::string OutDirectory();

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_SCENARIO_RUNS_H_
