// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/command_line.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace heddle {
namespace {

absl::CommandLineFlag* Find(absl::string_view name, absl::Span<const absl::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) return nullptr;
  return absl::FindCommandLineFlag(name);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseCommandLine(
    const std::vector<std::string>& arguments, absl::Span<const absl::string_view> allowed) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--") {
      rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  arguments.end());
      break;
    }
    if (argument.size() < 3 || argument.substr(0, 2) != "--") {
      if (argument.size() > 1 && argument[0] == '-') {
        return absl::InvalidArgumentError(absl::StrCat("unknown option ", argument));
      }
      rest.emplace_back(argument);
      continue;
    }
    const absl::string_view body = argument.substr(2);
    const std::size_t equals = body.find('=');
    const absl::string_view name = body.substr(0, equals);
    absl::CommandLineFlag* flag = Find(name, allowed);
    std::string value;
    if (flag == nullptr) {
      flag = name.substr(0, 2) == "no" ? Find(name.substr(2), allowed) : nullptr;
      if (flag == nullptr || !flag->IsOfType<bool>() || equals != absl::string_view::npos) {
        return absl::InvalidArgumentError(absl::StrCat("unknown option --", name));
      }
      value = "false";
    } else if (equals != absl::string_view::npos) {
      value = std::string(body.substr(equals + 1));
    } else if (flag->IsOfType<bool>()) {
      value = "true";
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("option --", name, " needs a value"));
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad value '", value, "' for option --", flag->Name()));
    }
  }
  return rest;
}

std::string FlagHelp(absl::Span<const absl::string_view> flags) {
  std::string text;
  for (const absl::string_view name : flags) {
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    if (flag == nullptr) continue;
    absl::StrAppendFormat(&text, "  --%-22s %s",
                          absl::StrCat(name, flag->IsOfType<bool>() ? "" : "=.."), flag->Help());
    const std::string initial = flag->DefaultValue();
    if (!initial.empty() && !flag->IsOfType<bool>()) {
      absl::StrAppend(&text, " (default ", initial, ")");
    }
    text += '\n';
  }
  return text;
}

}  // namespace heddle
