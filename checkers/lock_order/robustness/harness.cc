// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/robustness/harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_reader.h"

namespace heddle::lock_order {
namespace {

constexpr auto kTimeLimit = std::chrono::minutes(4);

[[noreturn]] void Become(const Command& command) {
  // A test that is killed takes its programs along.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  unsetenv("LD_PRELOAD");
  unsetenv("HEDDLE_LOCKORDER_OPTIONS");
  for (const std::string& setting : command.environment) {
    const std::size_t equals = setting.find('=');
    setenv(setting.substr(0, equals).c_str(), setting.substr(equals + 1).c_str(), 1);
  }
  std::vector<char*> arguments;
  for (const std::string& word : command.words) arguments.push_back(const_cast<char*>(word.data()));
  arguments.push_back(nullptr);
  command.before_exec();
  execv(arguments[0], arguments.data());
  _exit(127);
}

pid_t StartWith(const Command& command, int output, int errors) {
  const pid_t child = fork();
  if (child == 0) {
    if (output >= 0) dup2(output, STDOUT_FILENO);
    if (errors >= 0) dup2(errors, STDERR_FILENO);
    Become(command);
  }
  return child;
}

std::array<int, 2> Pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  return ends;
}

std::string NameOf(const Graph& graph, const Finding& finding) {
  struct Name {
    const Graph& graph;
    std::string operator()(const Cycle& cycle) const {
      return "cycle of " + std::to_string(cycle.edges.size());
    }
    std::string operator()(const Deadlock&) const { return "deadlock"; }
    std::string operator()(const OrderViolation&) const { return "order"; }
    std::string operator()(const SignalInversion&) const { return "signal"; }
    std::string operator()(const Upgrade&) const { return "upgrade"; }
    std::string operator()(const RecursiveRead&) const { return "recursive read"; }
    std::string operator()(const WaitHolding&) const { return "wait holding"; }
    std::string operator()(const Misuse& misuse) const {
      switch (graph.events[misuse.event].kind) {
        case kEventExitHolding:
          return "exit holding";
        case kEventUnlockNotHeld:
          return "unlock not held";
        case kEventDestroyHeld:
          return "destroy held";
        case kEventFreeHeld:
          return "free held";
        default:
          return "misuse";
      }
    }
  };
  return std::visit(Name{graph}, finding);
}

}  // namespace

pid_t Start(const Command& command, int* output) {
  const std::array<int, 2> ends = Pipe();
  const pid_t child = StartWith(command, ends[1], -1);
  close(ends[1]);
  *output = ends[0];
  return child;
}

Outcome Complete(const Command& command) {
  const std::array<int, 2> output = Pipe();
  const std::array<int, 2> errors = Pipe();
  const pid_t child = StartWith(command, output[1], errors[1]);
  close(output[1]);
  close(errors[1]);
  Outcome outcome;
  std::array<pollfd, 2> polled{{{output[0], POLLIN, 0}, {errors[0], POLLIN, 0}}};
  const std::array<std::string*, 2> texts{&outcome.output, &outcome.errors};
  const auto end = std::chrono::steady_clock::now() + kTimeLimit;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) kill(child, SIGKILL);
    if (poll(polled.data(), polled.size(), left.count() <= 0 ? 1000 : int(left.count())) == 0 &&
        left.count() <= 0) {
      break;
    }
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t size = read(polled[i].fd, buffer, sizeof buffer);
      if (size > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(size));
      } else if (size == 0 || errno != EINTR) {
        polled[i].fd = -1;
      }
    }
  }
  close(output[0]);
  close(errors[0]);
  waitpid(child, &outcome.status, 0);
  return outcome;
}

Recording::Recording(std::string library) : library_(std::move(library)) {
  std::string name = (std::filesystem::temp_directory_path() / "heddle_robust_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  directory_ = name;
}

Recording::~Recording() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Command Recording::Watched(const Command& command, const std::string& options) const {
  Command watched = Linked(command, options);
  watched.environment.push_back("LD_PRELOAD=" + library_);
  return watched;
}

Command Recording::Linked(const Command& command, const std::string& options) const {
  Command watched = command;
  watched.environment.push_back("HEDDLE_LOCKORDER_OPTIONS=watcher=none:graph=" + graph() +
                                (options.empty() ? "" : ":" + options));
  return watched;
}

std::vector<Graph> Recording::Graphs() const {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Graph> graphs;
  for (const std::string& path : paths) {
    const absl::StatusOr<std::unique_ptr<GraphReader>> reader = GraphReader::Open(path);
    if (reader.ok()) {
      graphs.push_back((*reader)->graph());
    } else if (reader.status().code() != absl::StatusCode::kUnavailable) {
      ADD_FAILURE() << reader.status();
    }
  }
  return graphs;
}

std::vector<Finding> Findings(const std::vector<Graph>& graphs) {
  std::vector<Finding> all;
  for (const Graph& graph : graphs) {
    const std::vector<Finding> findings = Analyzer().Update(graph, /*final=*/true);
    all.insert(all.end(), findings.begin(), findings.end());
  }
  return all;
}

std::vector<std::string> FindingNames(const std::vector<Graph>& graphs) {
  std::vector<std::string> names;
  for (const Graph& graph : graphs) {
    for (const Finding& finding : Analyzer().Update(graph, /*final=*/true)) {
      names.push_back(NameOf(graph, finding));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace heddle::lock_order
