// SPDX-License-Identifier: Apache-2.0
//
// Command lines over absl flags, with the project's contract: an unknown flag or a bad value is one
// clear line and exit status 2 (absl's own parser exits with 1).
#ifndef HEDDLE_CHECKERS_SCENARIO_COMMAND_LINE_H_
#define HEDDLE_CHECKERS_SCENARIO_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heddle {

// Exit statuses of every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFound = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInternal = 3;
inline constexpr int kExitInterrupted = 130;

// Sets the flags among `arguments` (--name=value, --name value, --boolean, --noboolean) and returns
// the rest. `allowed` names the flags that this command takes; others are unknown. "--" ends flags.
absl::StatusOr<std::vector<std::string>> ParseCommandLine(
    const std::vector<std::string>& arguments, absl::Span<const absl::string_view> allowed);

// "  --name=VALUE  help (default: x)" for each of the flags.
std::string FlagHelp(absl::Span<const absl::string_view> flags);

}  // namespace heddle

#endif  // HEDDLE_CHECKERS_SCENARIO_COMMAND_LINE_H_
