// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/lockorder.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "checkers/lock_order/report/options.h"
#include "checkers/scenario/command_line.h"

namespace heddle {
namespace lockorder {
namespace {

constexpr char kHelp[] =
    R"(usage: heddle lockorder [OPTION]... -- COMMAND [ARGUMENT]...
       heddle lockorder report [OPTION]... GRAPH...
       heddle lockorder merge OUT GRAPH...
       heddle lockorder show GRAPH...
       heddle lockorder hierarchy GRAPH... [-o FILE] [--annotations]

Runs a dynamically linked program and reports the deadlocks that its locks could end in, or have ended
in. Graphs are what --keep-graph keeps.

  --format=FORMAT        text (default), json, sarif, dot, html: what is printed
  --log=FILE             append it to a file instead of standard error
  --json=FILE, --sarif=FILE, --dot=FILE, --html=FILE
                         write these reports too
  --suppressions=FILE    what not to report: function:, file:, module: and lock: patterns, one a line
  --enforce=FILE         report acquisitions against this hierarchy (see: hierarchy)
  --exitcode=N           exit status instead of 0 when something was found (default: 66)
  --halt_on_deadlock     end the program when it is deadlocked
  --classes              cycles of classes of locks too: those first seen at one place in the code
  --full_stacks          text: also what is inside system headers, and where threads start
  --keep-graph=FILE      keep what was recorded; further processes: FILE.PID
  --blocking_calls       report read, poll, sleep, ... while a lock is held
  --no-file_locks, --no-semaphores, --no-signals, --no-stacks
                         leave these out
  --limit_mb=N           of one process's recording
  --annotations          hierarchy: as ACQUIRED_BEFORE and ACQUIRED_AFTER of Clang's thread safety analysis

The same options in HEDDLE_LOCKORDER_OPTIONS=name=value:name=value, which the command line overrides.
Exit status: the command's; 66 (--exitcode) if that is 0 and something was found; 2 wrong usage, 3 the
tool failed, 126 or 127 the command could not be run.
)";

constexpr absl::string_view kFlags[] = {
    "format", "log", "json", "sarif", "dot", "html", "suppressions", "enforce", "exitcode",
    "halt_on_deadlock", "classes", "keep_graph", "stacks", "full_stacks",
    // The runtime's:
    "blocking_calls", "file_locks", "semaphores", "signals", "limit_mb", "exit_wait_ms"};

constexpr absl::string_view kSwitches[] = {"halt_on_deadlock", "classes",        "stacks",
                                           "full_stacks",      "blocking_calls", "file_locks",
                                           "semaphores",       "signals"};

template <typename List>
bool IsOneOf(absl::string_view word, const List& list) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// Takes the options at the front of `arguments` (all of them if `anywhere`), up to "--". Returns a
// problem, or nothing.
std::string TakeOptions(std::vector<std::string>& arguments, bool anywhere, bool& help,
                        std::string& output, lock_order::Options& options) {
  std::vector<std::string> rest;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      ++i;
      break;
    }
    if (argument == "-h" || argument == "--help") {
      help = true;
      continue;
    }
    if (anywhere && argument == "-o") {
      if (++i == arguments.size()) return "option -o needs a value";
      output = arguments[i];
      continue;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      if (!anywhere) break;
      rest.push_back(argument);
      continue;
    }
    if (!absl::StartsWith(argument, "--")) return absl::StrCat("unknown option ", argument);
    const std::size_t equals = argument.find('=');
    std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::replace(name.begin(), name.end(), '-', '_');
    std::string value = equals == std::string::npos ? "1" : argument.substr(equals + 1);
    if (equals == std::string::npos && absl::StartsWith(name, "no_") &&
        IsOneOf(name.substr(3), kSwitches)) {
      name = name.substr(3);
      value = "0";
    }
    if (!IsOneOf(name, kFlags)) return absl::StrCat("unknown option ", argument);
    if (equals == std::string::npos && !IsOneOf(name, kSwitches)) {
      if (++i == arguments.size()) return absl::StrCat("option ", argument, " needs a value");
      value = arguments[i];
    }
    if (absl::Status status = lock_order::SetOption(name, value, options); !status.ok()) {
      return std::string(status.message());
    }
  }
  rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  arguments = std::move(rest);
  return "";
}

}  // namespace

int Usage(const std::string& problem) {
  std::fprintf(stderr, "heddle lockorder: %s\n", problem.c_str());
  return kExitUsage;
}

}  // namespace lockorder

int RunLockorder(const std::vector<std::string>& arguments) {
  using namespace lockorder;  // NOLINT(google-build-using-namespace)
  lock_order::Options options;
  if (const char* environment = std::getenv("HEDDLE_LOCKORDER_OPTIONS"); environment != nullptr) {
    if (absl::Status status = lock_order::ParseOptions(environment, options); !status.ok()) {
      return Usage(absl::StrCat("HEDDLE_LOCKORDER_OPTIONS: ", status.message()));
    }
  }
  constexpr absl::string_view kOfGraphs[] = {"report", "merge", "show", "hierarchy"};
  std::vector<std::string> rest = arguments;
  std::string command;
  if (!rest.empty() && IsOneOf(rest[0], kOfGraphs)) {
    command = rest[0];
    rest.erase(rest.begin());
  }
  bool annotations = false;
  if (command == "hierarchy") annotations = std::erase(rest, "--annotations") != 0;
  bool help = false;
  std::string output;
  const std::string problem = TakeOptions(rest, !command.empty(), help, output, options);
  if (help) {
    std::fputs(kHelp, stdout);
    return kExitOk;
  }
  if (!problem.empty()) return Usage(problem);
  if (rest.empty()) {
    return Usage(command.empty() ? "no command; heddle lockorder --help shows how"
                                 : absl::StrCat(command, ": no graph"));
  }
  if (!output.empty() && command != "hierarchy") return Usage("unknown option -o");
  if (command == "report") return Report(options, rest);
  if (command == "merge") return Merge(rest);
  if (command == "show") return Show(rest);
  if (command == "hierarchy") return ShowHierarchy(rest, output, annotations);
  return RunCommand(options, rest);
}

}  // namespace heddle
