// SPDX-License-Identifier: Apache-2.0
//
// Runs a program bare and with the recorder preloaded, and reads what was recorded, as `heddle
// lockorder` would.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_HARNESS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_HARNESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph.h"

namespace heddle::lock_order {

struct Command {
  std::vector<std::string> words = {};
  std::vector<std::string> environment = {};  // NAME=value
  std::function<void()> before_exec = [] {};  // in the child
};

struct Outcome {
  int status = 0;  // as waitpid() tells it; SIGKILL after four minutes
  std::string output;
  std::string errors;
};

Outcome Complete(const Command& command);

// The child's pid; its standard output comes out of *output, its standard error stays ours.
pid_t Start(const Command& command, int* output);

// A place for the graphs of one run.
class Recording {
 public:
  // `library`: the preload.
  explicit Recording(std::string library);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const std::string& directory() const { return directory_; }
  std::string graph() const { return directory_ + "/graph"; }

  // The command under the preload. `options`: further ones, separated by colons.
  Command Watched(const Command& command, const std::string& options = "") const;

  // The command of a program that has the recorder linked in.
  Command Linked(const Command& command, const std::string& options = "") const;

  // The graphs of the run's processes, the first process's first. Fails the test when one cannot be
  // read; one whose process ended before its header was complete is left out.
  std::vector<Graph> Graphs() const;

 private:
  std::string library_;
  std::string directory_;
};

// What the analyzer says of all of them.
std::vector<Finding> Findings(const std::vector<Graph>& graphs);

// "cycle of 2", "exit holding", ... of all of them, sorted.
std::vector<std::string> FindingNames(const std::vector<Graph>& graphs);

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_ROBUSTNESS_HARNESS_H_
