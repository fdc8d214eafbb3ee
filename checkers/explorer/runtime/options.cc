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
  } else if (name == "random") {
    options.strategy = Strategy::kRandom;
    if (value != "on") options.max_executions = Number(name, value);
  } else if (name == "pct") {
    options.strategy = Strategy::kPct;
    options.pct_depth = static_cast<int>(Number(name, value));
    if (options.pct_depth < 1 || options.pct_depth > 1000) Bad(name, value);
  } else if (name == "seed") {
    options.seed = Number(name, value);
  } else if (name == "symmetry" || name == "preemptions" || name == "jobs") {
    if (value != "off" && !(name == "jobs" && value == "1")) {
      Fatal("%s: %.*s is not supported", kVariable, static_cast<int>(name.size()), name.data());
    }
  } else if (name == "unseen") {
    if (value != "allow" && value != "warn" && value != "refuse") Bad(name, value);
    options.unseen = value == "allow"  ? Unseen::kAllow
                     : value == "warn" ? Unseen::kWarn
                                       : Unseen::kRefuse;
  } else if (name == "orders") {
    options.orders = value;
  } else if (name == "sites") {
    options.sites = Switch(name, value);
  } else if (name == "leaks") {
    options.leaks = Switch(name, value);
  } else if (name == "cxx11_release_sequences") {
    options.release_sequence_cxx11 = Switch(name, value);
  } else {
    Fatal("%s: there is no option '%.*s'", kVariable, static_cast<int>(name.size()), name.data());
  }
}

// Takes "name=value" off the text; a value may be quoted. False: nothing is left.
bool TakeSetting(std::string_view& text, std::string_view& name, std::string_view& value) {
  while (!text.empty() && (text[0] == ':' || text[0] == ' ')) text.remove_prefix(1);
  if (text.empty()) return false;
  name = text.substr(0, text.find_first_of("=: "));
  text.remove_prefix(name.size());
  value = "on";
  if (text.empty() || text[0] != '=') return true;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '\'' || text[0] == '"')) {
    const char quote = text[0];
    text.remove_prefix(1);
    const std::size_t end = text.find(quote);
    if (end == std::string_view::npos) Fatal("%s: a quote is not closed", kVariable);
    value = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
  }
  // The path of an execution has spaces.
  value = text.substr(0, text.find(':'));
  text.remove_prefix(value.size());
  return true;
}

}  // namespace

std::string ModeOf(const ExploreOptions& options) {
  if (!options.replay.empty()) return "replay";
  switch (options.strategy) {
    case Strategy::kExhaustive:
      return "full";
    case Strategy::kRandom:
      return "random(" + std::to_string(options.max_executions) + ")";
    case Strategy::kPct:
      return "pct(" + std::to_string(options.pct_depth) + ")";
  }
  return "";
}

ExploreOptions OptionsFromEnvironment() {
  ExploreOptions options;
  options.unseen = Unseen::kRefuse;
  const char* const variable = getenv(kVariable);
  std::string_view text = variable == nullptr ? "" : variable;
  std::string_view name;
  std::string_view value;
  while (TakeSetting(text, name, value)) Set(name, value, options);
  // Without an end of its own.
  if (options.strategy != Strategy::kExhaustive && options.max_executions == 0 &&
      options.seconds == 0) {
    options.max_executions = 1000;
  }
  return options;
}

}  // namespace heddle::explorer
