// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/counterexample.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace heddle {
namespace {

// The state of one search is only meaningful to the same traversal: raise this when it changes.
constexpr absl::string_view kMagic = "heddle counterexample 1";

}  // namespace

absl::Status WriteFile(const std::string& path, absl::string_view text) {
  std::error_code unknown;
  const std::filesystem::file_status there = std::filesystem::symlink_status(path, unknown);
  const bool replaces = !std::filesystem::exists(there) || std::filesystem::is_regular_file(there);
  const std::string temporary = replaces ? absl::StrCat(path, ".tmp", getpid()) : path;
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  const bool wrote = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  if (!wrote || !closed || (replaces && std::rename(temporary.c_str(), path.c_str()) != 0)) {
    const std::string why = std::strerror(errno);
    if (replaces) std::remove(temporary.c_str());
    return absl::InvalidArgumentError(absl::StrCat("cannot write ", path, ": ", why));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  const bool opened = in.is_open();
  if (opened) errno = 0;
  if (!opened || !(text << in.rdbuf())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read ", path, ": ", errno == 0 ? "it is empty" : std::strerror(errno)));
  }
  return std::move(text).str();
}

absl::Status WriteCounterexample(const std::string& path, const Counterexample& c) {
  return WriteFile(path, absl::StrCat(kMagic, "\nscenario: ", c.scenario, "\nmutant: ", c.mutant,
                                      "\nengine: ", c.engine, "\nmode: ", c.mode, "\nverdict: ",
                                      c.verdict, "\nstate: ", c.state, "\n\n", c.text));
}

absl::StatusOr<Counterexample> ReadCounterexample(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(*text, absl::MaxSplits("\n\n", 1));
  Counterexample result;
  bool first = true;
  for (absl::string_view line : absl::StrSplit(parts.first, '\n')) {
    if (std::exchange(first, false)) {
      if (line == kMagic) continue;
      return absl::InvalidArgumentError(
          absl::StartsWith(line, "heddle counterexample")
              ? absl::StrCat(path, ": written by another version of heddle (", line, ")")
              : absl::StrCat(path, ": not a heddle counterexample"));
    }
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    const std::string value(absl::StripLeadingAsciiWhitespace(field.second));
    if (field.first == "scenario") result.scenario = value;
    if (field.first == "mutant") result.mutant = value;
    if (field.first == "engine") result.engine = value;
    if (field.first == "mode") result.mode = value;
    if (field.first == "verdict") result.verdict = value;
    if (field.first == "state") result.state = value;
  }
  if (result.scenario.empty() || result.engine.empty() || result.state.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the counterexample is cut off"));
  }
  result.text = std::string(parts.second);
  return result;
}

}  // namespace heddle
