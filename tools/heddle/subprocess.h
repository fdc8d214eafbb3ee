// SPDX-License-Identifier: Apache-2.0
//
// Child processes whose output arrives line by line. One thread; no shell.
#ifndef HEDDLE_TOOLS_HEDDLE_SUBPROCESS_H_
#define HEDDLE_TOOLS_HEDDLE_SUBPROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace heddle {

struct ProcessResult {
  int status = -1;     // exit status, or 128 + the signal that ended it
  std::string errors;  // what it wrote to standard error
};

// A command, and what to do with its lines. The lines come from standard output.
struct Task {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // "NAME=VALUE", before this process's own
  std::function<void(const std::string& line)> on_line;
  std::function<void(const ProcessResult&)> on_exit;
};

// Runs the tasks, at most `jobs` at a time, in order. Callbacks run in the caller. Returns false
// when SIGINT or SIGTERM ended it: the children have then been interrupted and waited for.
// `on_tick` is called at least every half second.
bool RunTasks(std::vector<Task> tasks, std::size_t jobs, const std::function<void()>& on_tick);

// The same with tasks that come out of earlier ones. `next` is asked whenever there is room, and
// returns false while it has none; when it has none and nothing runs, that is all.
bool RunTasks(const std::function<bool(Task&)>& next, std::size_t jobs,
              const std::function<void()>& on_tick);

}  // namespace heddle

#endif  // HEDDLE_TOOLS_HEDDLE_SUBPROCESS_H_
