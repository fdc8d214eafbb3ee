// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/fatal.h"

namespace heddle::explorer {
namespace {

constexpr char kVariable[] = "HEDDLE_EXPLORE_OPTIONS";

[[noreturn]] void Bad(std::string_view name, std::string_view value) {
  Fatal("%s: '%.*s' is no value of %.*s", kVariable, static_cast<int>(value.size()), value.data(),
        static_cast<int>(name.size()), name.data());
}

std::uint64_t Number(std::string_view name, std::string_view value) {
  const std::string text(value);
  char* end = nullptr;
  errno = 0;
  const unsigned long long number = strtoull(text.c_str(), &end, 10);
  if (text.empty() || text[0] == '-' || *end != 0 || errno != 0) Bad(name, value);
  return number;
}

double Seconds(std::string_view name, std::string_view value) {
  const std::string text(value);
  char* end = nullptr;
  const double seconds = strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !(seconds >= 0)) Bad(name, value);
  return seconds;
}

bool Switch(std::string_view name, std::string_view value) {
  if (value == "on" || value == "1" || value == "true") return true;
  if (value == "off" || value == "0" || value == "false") return false;
  Bad(name, value);
}

void Set(std::string_view name, std::string_view value, ExploreOptions& options) {
  if (name == "model") {
    if (value != "rc11" && value != "sc") Bad(name, value);
    options.model = value == "sc" ? Model::kSc : Model::kRc11;
  } else if (name == "record") {
    options.record = value;
  } else if (name == "replay") {
    options.replay = value;
  } else if (name == "unroll") {
    const std::uint64_t turns = Number(name, value);
    if (turns == 0 || turns > 60000) Bad(name, value);
    options.unroll = static_cast<int>(turns);
  } else if (name == "max_executions") {
    options.max_executions = Number(name, value);
  } else if (name == "time") {
    options.seconds = Seconds(name, value);
  } else if (name == "leaks") {
    options.leaks = Switch(name, value);
  } else if (name == "cxx11_release_sequences") {
    options.release_sequence_cxx11 = Switch(name, value);
  } else {
    Fatal("%s: there is no option '%.*s'", kVariable, static_cast<int>(name.size()), name.data());
  }
}

}  // namespace

ExploreOptions OptionsFromEnvironment() {
  ExploreOptions options;
  const char* const variable = getenv(kVariable);
  std::string_view text = variable == nullptr ? "" : variable;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(':'));
    text.remove_prefix(part.size() == text.size() ? part.size() : part.size() + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      Set(part, "on", options);
    } else {
      Set(part.substr(0, equals), part.substr(equals + 1), options);
    }
  }
  return options;
}

}  // namespace heddle::explorer
