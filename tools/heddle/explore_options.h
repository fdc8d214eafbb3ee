// SPDX-License-Identifier: Apache-2.0
//
// The command line of `heddle explore`.
#ifndef HEDDLE_TOOLS_HEDDLE_EXPLORE_OPTIONS_H_
#define HEDDLE_TOOLS_HEDDLE_EXPLORE_OPTIONS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace heddle::explore {

struct Options {
  bool help = false;
  std::vector<std::string> sources;    // C and C++ files, and objects to link
  std::vector<std::string> arguments;  // of the program
  std::string binary;                  // already linked with the runtime
  std::string compiler = "clang++-22";
  std::vector<std::string> compile_flags;  // the user's own
  std::vector<std::string> link_flags;
  std::string keep;  // where the built program is to stay
  std::string json;
  std::string html;
  std::string out;  // directory of counterexamples
  std::string replay;
  bool weaken = false;
  bool library = false;  // weaken operations in system headers too
  bool quiet = false;
  std::string unseen = "refuse";  // what to do about code that is not instrumented
  // What the runtime understands, in order: ("model", "sc").
  std::vector<std::pair<std::string, std::string>> runtime;

  // Everything before "--" that makes the same program and the same search, for a replay.
  std::vector<std::string> repeat;
};

// A problem is one line about what is wrong.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

extern const char kHelp[];

// "name=value:name=value".
std::string RuntimeOptions(const std::vector<std::pair<std::string, std::string>>& options);

// So that a shell takes it as one word.
std::string ShellQuoted(const std::string& word);

}  // namespace heddle::explore

#endif  // HEDDLE_TOOLS_HEDDLE_EXPLORE_OPTIONS_H_
