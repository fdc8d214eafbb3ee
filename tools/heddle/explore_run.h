// SPDX-License-Identifier: Apache-2.0
//
// Child processes of `heddle explore`, and the record that a running exploration writes.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORE_RUN_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORE_RUN_H_

#include <signal.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace heddle::explore {

// While it lives, SIGINT, SIGTERM, SIGHUP and SIGPIPE end the running child and no longer this
// process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool Requested();

 private:
  static constexpr std::array<int, 4> kAll = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  std::array<struct sigaction, kAll.size()> before_{};
};

struct RunResult {
  bool started = false;
  bool interrupted = false;
  int status = 0;       // exit status, or 128 + N for signal N
  std::string problem;  // why it was not started
  std::string output;   // the end of what it wrote, where that was not passed on
};

// With this process's standard streams.
RunResult RunPlain(const std::vector<std::string>& command);

struct RecordedRun {
  std::vector<std::string> command;
  std::string options;  // of the runtime, as text
  std::string record;   // file that the runtime writes
  // The program's output goes through; otherwise its end is kept.
  bool show_output = false;
  // Gets what was added to the record, in pieces that end anywhere.
  std::function<void(const std::string&)> on_text;
  std::function<void()> on_tick;  // a few times a second
};

RunResult RunRecorded(const RecordedRun& run);

}  // namespace heddle::explore

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORE_RUN_H_
