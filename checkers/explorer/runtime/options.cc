// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "checkers/explorer/runtime/explore.h"
#include "checkers/explorer/runtime/fatal.h"
#include "checkers/explorer/runtime/limits.h"

namespace heddle::explorer {
namespace {

constexpr char kVariable[] = "HEDDLE_EXPLORE_OPTIONS";

[[noreturn]] void Bad(std::string_view name, std::string_view value) {
  Fatal("%s: '%.*s' is no value of %.*s", kVariable, static_cast<int>(value.size()), value.data(),
        static_cast<int>(name.size()), name.data());
}

bool IsNumber(const std::string& text, std::uint64_t& number) {
  char* end = nullptr;
  errno = 0;
  number = strtoull(text.c_str(), &end, 10);
  return !text.empty() && text[0] != '-' && *end == 0 && errno == 0;
}

std::uint64_t Number(std::string_view name, std::string_view value) {
  std::uint64_t number = 0;
  if (!IsNumber(std::string(value), number)) Bad(name, value);
  return number;
}

std::uint64_t TestNumber(const char* variable, const char* value) {
  std::uint64_t number = 0;
  if (!IsNumber(value, number)) Fatal("%s=%s is no number", variable, value);
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

// "2/3", the second of three; "off".
void SetShard(std::string_view value, ExploreOptions& options) {
  if (value == "off") value = "1/1";
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) Bad("shard", value);
  const std::uint64_t shard = Number("shard", value.substr(0, slash));
  const std::uint64_t shards = Number("shard", value.substr(slash + 1));
  if (shard == 0 || shard > shards || shards > kMostShards) Bad("shard", value);
  options.shard = static_cast<int>(shard) - 1;
  options.shards = static_cast<int>(shards);
}

// What Bazel tells a test of which it runs several shards, and wants to see.
void TakeShardOfTest(ExploreOptions& options) {
  const char* const shards = getenv("TEST_TOTAL_SHARDS");
  const char* const shard = getenv("TEST_SHARD_INDEX");
  if (shards == nullptr || shard == nullptr) return;
  const std::uint64_t count = TestNumber("TEST_TOTAL_SHARDS", shards);
  const std::uint64_t index = TestNumber("TEST_SHARD_INDEX", shard);
  if (count == 0 || count > kMostShards || index >= count) {
    Fatal("TEST_SHARD_INDEX=%s: there is no such shard of TEST_TOTAL_SHARDS=%s", shard, shards);
  }
  options.shard = static_cast<int>(index);
  options.shards = static_cast<int>(count);
  const char* const status = getenv("TEST_SHARD_STATUS_FILE");
  if (status == nullptr) return;
  FILE* const file = fopen(status, "we");
  if (file == nullptr) Fatal("cannot write %s: %s", status, strerror(errno));
  fclose(file);
}

// What replays the execution of a counterexample's file, and its verdict.
void TakeFile(const std::string& file, ExploreOptions& options) {
  std::string& path = options.replay;
  path.clear();
  FILE* const stream = fopen(file.c_str(), "re");
  if (stream == nullptr) Fatal("replay=%s: %s", file.c_str(), strerror(errno));
  char* line = nullptr;
  std::size_t size = 0;
  while (path.empty() && getline(&line, &size, stream) > 0) {
    std::string_view text = line;
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto take = [&](std::string_view key, std::string& value) {
      if (text.starts_with(key)) value = text.substr(key.size());
    };
    take("verdict: ", options.expected);
    take("state: ", path);
  }
  free(line);
  fclose(stream);
  if (path.empty()) Fatal("replay=%s: no counterexample's file", file.c_str());
}

void Set(std::string_view name, std::string_view value, ExploreOptions& options) {
  if (name == "model") {
    if (value != "rc11" && value != "sc") Bad(name, value);
    options.model = value == "sc" ? Model::kSc : Model::kRc11;
  } else if (name == "record") {
    options.record = value;
  } else if (name == "replay") {
    // A path has this sign; it stands for itself.
    if (value.find(';') != std::string_view::npos) {
      options.replay = value;
    } else {
      TakeFile(std::string(value), options);
    }
  } else if (name == "expected") {
    options.expected = value;
  } else if (name == "unroll") {
    const std::uint64_t turns = Number(name, value);
    if (turns == 0 || turns > kMostUnrolled) Bad(name, value);
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
    const std::uint64_t depth = Number(name, value);
    if (depth == 0 || depth > kMostPctDepth) Bad(name, value);
    options.pct_depth = static_cast<int>(depth);
  } else if (name == "seed") {
    options.seed = Number(name, value);
  } else if (name == "jobs") {
    const std::uint64_t jobs = Number(name, value);
    if (jobs == 0 || jobs > kMostJobs) Bad(name, value);
    options.jobs = static_cast<int>(jobs);
  } else if (name == "shard") {
    SetShard(value, options);
  } else if (name == "piece") {
    options.piece = value;
  } else if (name == "symmetry") {
    options.symmetry = Switch(name, value);
  } else if (name == "preemptions") {
    const std::uint64_t most = value == "off" ? 0 : Number(name, value);
    if (most > kMostPreemptions) Bad(name, value);
    options.preemptions = value == "off" ? -1 : static_cast<int>(most);
  } else if (name == "switch") {
    options.switch_probability = Seconds(name, value);
    if (options.switch_probability > 1) Bad(name, value);
  } else if (name == "unseen") {
    if (value != "allow" && value != "warn" && value != "refuse") Bad(name, value);
    options.unseen = value == "allow"  ? Unseen::kAllow
                     : value == "warn" ? Unseen::kWarn
                                       : Unseen::kRefuse;
  } else if (name == "orders") {
    options.orders = value;
  } else if (name == "sites") {
    options.sites = Switch(name, value);
  } else if (name == "weak_cas") {
    options.weak_cas = Switch(name, value);
  } else if (name == "in_step") {
    options.in_step = Switch(name, value);
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
  std::string mode;
  switch (options.strategy) {
    case Strategy::kExhaustive:
      mode = options.preemptions < 0 ? "full"
                                     : "preemptions(" + std::to_string(options.preemptions) + ")";
      break;
    case Strategy::kRandom:
      mode = "random";
      if (options.max_executions != 0) mode += "(" + std::to_string(options.max_executions) + ")";
      break;
    case Strategy::kPct:
      mode = "pct(" + std::to_string(options.pct_depth) + ")";
      break;
    case Strategy::kGuided:
      mode = "guided";
      if (options.max_executions != 0) mode += "(" + std::to_string(options.max_executions) + ")";
      break;
  }
  if (options.shards == 1) return mode;
  return mode + ",shard(" + std::to_string(options.shard + 1) + "/" +
         std::to_string(options.shards) + ")";
}

ExploreOptions OptionsFromEnvironment() {
  ExploreOptions options;
  options.unseen = Unseen::kRefuse;
  const char* const variable = getenv(kVariable);
  std::string_view text = variable == nullptr ? "" : variable;
  std::string_view name;
  std::string_view value;
  bool shard = false;
  while (TakeSetting(text, name, value)) {
    Set(name, value, options);
    shard = shard || name == "shard";
  }
  if (!shard) TakeShardOfTest(options);
  if (options.preemptions >= 0 && options.strategy != Strategy::kExhaustive) {
    Fatal("%s: preemptions= bounds the search of all executions, not random ones", kVariable);
  }
  if (options.symmetry && (options.preemptions >= 0 || options.strategy != Strategy::kExhaustive)) {
    Fatal("%s: symmetry=on is for the search of all executions", kVariable);
  }
  // Without an end of its own.
  if (options.strategy != Strategy::kExhaustive && options.max_executions == 0 &&
      options.seconds == 0) {
    options.max_executions = 1000;
  }
  return options;
}

}  // namespace heddle::explorer
