// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/report/options.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heddle::lock_order {
namespace {

constexpr absl::string_view kOfRuntime[] = {"enabled",      "graph",      "watcher",
                                            "exit_wait_ms", "limit_mb",   "blocking_calls",
                                            "file_locks",   "semaphores", "signals"};

bool IsSeparator(char c) { return c == ':' || c == ' ' || c == '\n' || c == '\t' || c == ','; }

}  // namespace

absl::Status SetOption(absl::string_view key, absl::string_view value, Options& options) {
  const auto bad = [&] {
    return absl::InvalidArgumentError(absl::StrCat("bad value '", value, "' for option ", key));
  };
  const auto flag = [&](bool& into) {
    return absl::SimpleAtob(value, &into) ? absl::OkStatus() : bad();
  };
  if (key == "exitcode") {
    int number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < 0 || number > 255) return bad();
    options.exitcode = number;
    options.runtime.emplace_back(key, value);  // its business too
    return absl::OkStatus();
  }
  if (key == "format") {
    if (value != "text" && value != "json" && value != "sarif" && value != "dot" &&
        value != "html") {
      return bad();
    }
    options.format = std::string(value);
    return absl::OkStatus();
  }
  if (key == "halt_on_deadlock" || key == "abort_on_deadlock" || key == "halt_on_error") {
    return flag(options.halt_on_deadlock);
  }
  if (key == "classes") return flag(options.classes);
  if (key == "stacks") return flag(options.stacks);
  if (key == "full_stacks") return flag(options.full_stacks);
  const struct {
    absl::string_view key;
    std::string& into;
  } kTexts[] = {
      {"log", options.log},
      {"log_path", options.log},
      {"json", options.json},
      {"sarif", options.sarif},
      {"dot", options.dot},
      {"html", options.html},
      {"suppressions", options.suppressions},
      {"enforce", options.enforce},
      {"keep_graph", options.keep_graph},
  };
  for (const auto& text : kTexts) {
    if (key != text.key) continue;
    if (key == "log_path" && value == "stderr") value = "";
    text.into = std::string(value);
    return absl::OkStatus();
  }
  if (std::find(std::begin(kOfRuntime), std::end(kOfRuntime), key) == std::end(kOfRuntime)) {
    return absl::InvalidArgumentError(absl::StrCat("unknown option '", key, "'"));
  }
  // Its quotes know no escapes.
  if (absl::StrContains(value, '\'') && absl::StrContains(value, '"')) return bad();
  options.runtime.emplace_back(key, value);
  return absl::OkStatus();
}

absl::Status ParseOptions(absl::string_view text, Options& options) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (IsSeparator(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && text[end] != '=' && !IsSeparator(text[end])) ++end;
    absl::string_view key = text.substr(at, end - at);
    absl::ConsumePrefix(&key, "--");
    absl::string_view value = "1";
    at = end;
    if (at < text.size() && text[at] == '=') {
      ++at;
      if (at < text.size() && (text[at] == '\'' || text[at] == '"')) {
        const std::size_t close = text.find(text[at], at + 1);
        if (close == absl::string_view::npos) {
          return absl::InvalidArgumentError(absl::StrCat("option ", key, ": no closing quote"));
        }
        value = text.substr(at + 1, close - at - 1);
        at = close + 1;
      } else {
        end = at;
        while (end < text.size() && !IsSeparator(text[end])) ++end;
        value = text.substr(at, end - at);
        at = end;
      }
    }
    if (absl::Status status = SetOption(key, value, options); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string RuntimeOptionsText(const Options& options) {
  std::string text;
  for (const auto& [key, value] : options.runtime) {
    const char* quote = value.find('\'') == std::string::npos ? "'" : "\"";
    absl::StrAppend(&text, text.empty() ? "" : ":", key, "=", quote, value, quote);
  }
  return text;
}

}  // namespace heddle::lock_order
