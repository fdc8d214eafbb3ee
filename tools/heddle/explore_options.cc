// SPDX-License-Identifier: Apache-2.0
#include "tools/heddle/explore_options.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "checkers/explorer/runtime/limits.h"

namespace heddle::explore {

const char kHelp[] =
    R"(usage: heddle explore FILE.c|FILE.cc|FILE.o... [OPTION]... [-- ARGUMENT...]
       heddle explore --binary=PROGRAM [OPTION]... [-- ARGUMENT...]

Compiles a program, whose main() is the test, and visits every execution that the C++ memory model (RC11)
allows, each once. The program needs no change; the arguments are its own.

  --model=rc11|sc        the memory model (default rc11)
  --unroll=N             a loop that changes something at each turn is cut after N turns
  --max_executions=N     stop after so many
  --time=30s             stop after so long (s, m, h)
  --random[=N]           N random executions instead of all (10000, unless otherwise bounded)
  --switch=P             with --random: how probable a switch of threads is at each operation (default: another
                         for each execution, so that some threads go on for long)
  --pct=D                random executions with D priority changes (10000, unless otherwise bounded)
  --preemptions=K        all executions with at most K preemptions
  --seed=S               of everything random
  --symmetry=on|off      explore interchangeable threads once (default off)
  --in-step              threads that undo each other's steps, and could do so for ever, are in a livelock
  --weak-cas             weak compare-exchanges fail for no reason, too, but not twice in a row at one place
  --unseen=refuse|warn|allow
                         what to do about inline assembly and code that is not instrumented, where it has atomic
                         operations, fences or system calls, or is a library of its own (default refuse; with
                         warn, what would pass is incomplete)
  --jobs=N               worker processes (default 1)
  --shard=I/N            of N shares of the executions, the I-th
  --piece=PIECE          what a worker that died has left unexplored, as the error names it
  --weaken               say which memory orders are needed: try each weaker one at each atomic operation, one
                         at a time; --time bounds each exploration, --json gets a line for each order
  --library              with --weaken: also at the operations in system headers (shared_ptr, ...)
  --replay=FILE          run exactly the execution of this counterexample, with its output
  --out=DIR              where counterexamples go (default: out/ in the workspace)
  --json=FILE            write the verdict as one line of JSON
  --html=FILE            write the counterexample as a page with a picture of its graph
  --quiet                print nothing but what was found

  -D.. -I.. -U.. -O.. -f.. -m.. -std=.. -include FILE, --cflags='..'
                         for the compiler, after its own options (-O2 -g)
  -l.. -L.. --ldflags='..'
                         for the linker
  --compiler=CXX         default clang++-22; g++ works too
  --keep=PROGRAM         leave the built program there

Exit status: 0 nothing found, 1 something found or the search is incomplete, 2 the command line or the program
cannot be used, 3 the tool failed, 130 interrupted.
)";

namespace {

// Options with a number.
constexpr absl::string_view kCounts[] = {"unroll",      "max_executions", "pct",
                                         "preemptions", "seed",           "jobs"};

std::uint64_t MostOf(absl::string_view name) {
  if (name == "unroll") return explorer::kMostUnrolled;
  if (name == "pct") return explorer::kMostPctDepth;
  if (name == "preemptions") return explorer::kMostPreemptions;
  if (name == "jobs") return explorer::kMostJobs;
  return std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t LeastOf(absl::string_view name) {
  return name == "seed" || name == "preemptions" ? 0 : 1;
}

// "a number", "a number up to 1000", "a positive number", ...
std::string WantedNumber(absl::string_view name) {
  std::string text = LeastOf(name) == 0 ? "a number" : "a positive number";
  if (MostOf(name) != std::numeric_limits<std::uint64_t>::max()) {
    absl::StrAppend(&text, " up to ", MostOf(name));
  }
  return text;
}

bool ParseNumber(absl::string_view name, absl::string_view value) {
  std::uint64_t number = 0;
  return absl::SimpleAtoi(value, &number) && number >= LeastOf(name) && number <= MostOf(name);
}

constexpr absl::string_view kDefaultRandom = "10000";

template <typename List>
bool IsOneOf(absl::string_view word, const List& list) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

absl::Status Bad(absl::string_view name, absl::string_view value, absl::string_view want) {
  return absl::InvalidArgumentError(
      absl::StrCat("bad value '", value, "' for option --", name, ": want ", want));
}

// "90", "90s", "2m", "1h" in seconds.
bool ParseTime(absl::string_view text, std::string& seconds) {
  double unit = 1;
  if (absl::ConsumeSuffix(&text, "h")) {
    unit = 3600;
  } else if (absl::ConsumeSuffix(&text, "m")) {
    unit = 60;
  } else {
    absl::ConsumeSuffix(&text, "s");
  }
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !(number > 0 && number < 1e9)) return false;
  seconds = absl::StrCat(number * unit);
  return true;
}

// What is wrong with a flag for the compiler; empty: nothing.
absl::string_view ProblemOf(absl::string_view flag) {
  if (absl::StartsWith(flag, "-fopenmp")) {
    return "OpenMP is not modelled: its library makes threads and waits where nobody sees it";
  }
  if (flag == "-fno-sanitize=thread" || flag == "-fno-sanitize=all") {
    return "the explorer sees a program by its instrumentation";
  }
  return "";
}

std::vector<std::string> Words(absl::string_view text) {
  return absl::StrSplit(text, absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
}

void Append(const std::vector<std::string>& words, std::vector<std::string>& to) {
  to.insert(to.end(), words.begin(), words.end());
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  absl::StatusOr<Options> Run() {
    for (; at_ < arguments_.size(); ++at_) {
      const std::string& argument = arguments_[at_];
      if (argument == "--") {
        options_.arguments.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                                  arguments_.end());
        break;
      }
      if (absl::Status status = One(argument); !status.ok()) return status;
    }
    if (options_.help) return options_;
    if (options_.binary.empty() && options_.sources.empty()) {
      return absl::InvalidArgumentError("no program; heddle explore --help shows how");
    }
    if (!options_.binary.empty() && !options_.sources.empty()) {
      return absl::InvalidArgumentError("--binary and source files exclude each other");
    }
    if (!options_.binary.empty() && builds_) {
      return absl::InvalidArgumentError(
          "--binary is built already: no --keep, and no options for a compiler or a linker");
    }
    if (!options_.replay.empty() && options_.weaken) {
      return absl::InvalidArgumentError("--replay and --weaken exclude each other");
    }
    if (options_.library && !options_.weaken) {
      return absl::InvalidArgumentError("--library is for --weaken");
    }
    if (options_.weaken && modes_ > 0) {
      return absl::InvalidArgumentError(
          "--weaken needs all executions: not --random, --pct or --preemptions");
    }
    if (options_.weaken && parallel_) {
      return absl::InvalidArgumentError(
          "--weaken uses all processors; --jobs, --shard and --piece are for one exploration");
    }
    if (options_.weaken && sc_) {
      return absl::InvalidArgumentError("--weaken has nothing to do with --model=sc");
    }
    if (symmetry_ && modes_ > 0) {
      return absl::InvalidArgumentError(
          "--symmetry=on is for all executions: not --random, --pct or --preemptions");
    }
    for (const std::string& flag : options_.compile_flags) {
      if (const absl::string_view problem = ProblemOf(flag); !problem.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(flag, ": ", problem));
      }
    }
    if (sampled_ && !bounded_) {
      options_.runtime.emplace_back("max_executions", std::string(kDefaultRandom));
    }
    if (modes_ > 1) {
      return absl::InvalidArgumentError("--random, --pct and --preemptions exclude each other");
    }
    return options_;
  }

 private:
  absl::Status One(const std::string& argument) {
    if (argument == "-h" || argument == "--help") {
      options_.help = true;
      return absl::OkStatus();
    }
    if (argument.size() < 2 || argument[0] != '-') {
      options_.sources.push_back(argument);
      options_.repeat.push_back(argument);
      return absl::OkStatus();
    }
    if (argument[1] != '-') return Flag(argument);
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (IsOneOf(name, Switches()) || (name == "random" && equals == std::string::npos)) {
      if (equals != std::string::npos) {
        return absl::InvalidArgumentError(absl::StrCat("option --", name, " takes no value"));
      }
      return Switch(name);
    }
    if (!IsOneOf(name, Valued()) && !IsOneOf(name, kCounts)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown option --", name));
    }
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (at_ + 1 < arguments_.size() && arguments_[at_ + 1] != "--") {
      value = arguments_[++at_];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("option --", name, " needs a value"));
    }
    return Value(name, value);
  }

  static std::vector<absl::string_view> Switches() {
    return {"weaken", "library", "quiet", "in-step", "weak-cas"};
  }
  static std::vector<absl::string_view> Valued() {
    return {"binary", "compiler", "cflags", "ldflags", "keep",     "json",
            "html",   "out",      "replay", "model",   "symmetry", "time",
            "random", "shard",    "piece",  "switch",  "unseen"};
  }

  absl::Status Switch(absl::string_view name) {
    if (name == "weaken") options_.weaken = true;
    if (name == "library") options_.library = true;
    if (name == "quiet") options_.quiet = true;
    if (name == "in-step" || name == "weak-cas") {
      options_.repeat.push_back(absl::StrCat("--", name));
    }
    if (name == "in-step") options_.runtime.emplace_back("in_step", "on");
    if (name == "weak-cas") {
      options_.runtime.emplace_back("weak_cas", "on");
      Append({"-include", "heddle/weak_compare_exchange.h"}, options_.compile_flags);
    }
    if (name == "random") {
      options_.repeat.emplace_back("--random");
      options_.runtime.emplace_back("random", "on");
      ++modes_;
      sampled_ = true;
    }
    return absl::OkStatus();
  }

  // The compiler's and the linker's own.
  absl::Status Flag(const std::string& argument) {
    const bool takes_word = argument == "-I" || argument == "-D" || argument == "-U" ||
                            argument == "-include" || argument == "-isystem" || argument == "-L" ||
                            argument == "-l";
    const bool links = absl::StartsWith(argument, "-l") || absl::StartsWith(argument, "-L");
    constexpr absl::string_view kCompile[] = {"-D",       "-I", "-U",   "-O",       "-f",
                                              "-m",       "-g", "-std", "-include", "-isystem",
                                              "-pthread", "-W", "-w"};
    const bool compiles =
        std::any_of(std::begin(kCompile), std::end(kCompile),
                    [&](absl::string_view prefix) { return absl::StartsWith(argument, prefix); });
    if (!links && !compiles) {
      return absl::InvalidArgumentError(absl::StrCat("unknown option ", argument));
    }
    builds_ = true;
    std::vector<std::string>& to = links ? options_.link_flags : options_.compile_flags;
    to.push_back(argument);
    options_.repeat.push_back(argument);
    if (!takes_word) return absl::OkStatus();
    if (at_ + 1 == arguments_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("option ", argument, " needs a value"));
    }
    to.push_back(arguments_[++at_]);
    options_.repeat.push_back(to.back());
    return absl::OkStatus();
  }

  absl::Status Value(const std::string& name, const std::string& value) {
    if (value.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("option --", name, " needs a value"));
    }
    if (name == "json") {
      options_.json = value;
    } else if (name == "html") {
      options_.html = value;
    } else if (name == "out") {
      options_.out = value;
    } else if (name == "keep") {
      options_.keep = value;
      builds_ = true;
    } else if (name == "replay") {
      options_.replay = value;
    } else if (name == "jobs" || name == "shard" || name == "piece") {
      return Parallel(name, value);
    } else {
      options_.repeat.push_back(absl::StrCat("--", name, "=", value));
      return BuildOrSearch(name, value);
    }
    return absl::OkStatus();
  }

  // A replay does without these.
  absl::Status Parallel(const std::string& name, const std::string& value) {
    if (name == "jobs" && !ParseNumber(name, value)) return Bad(name, value, WantedNumber(name));
    if (name == "shard" && !IsShard(value)) {
      return Bad(name, value,
                 absl::StrCat("a share such as 2/3, of ", explorer::kMostShards, " at most"));
    }
    if (absl::StrContains(value, ':')) return Bad(name, value, "a piece");
    parallel_ = true;
    options_.runtime.emplace_back(name, value);
    return absl::OkStatus();
  }

  static bool IsShard(const std::string& value) {
    const std::vector<std::string> parts = absl::StrSplit(value, '/');
    std::uint64_t number = 0;
    std::uint64_t count = 0;
    return parts.size() == 2 && absl::SimpleAtoi(parts[0], &number) &&
           absl::SimpleAtoi(parts[1], &count) && number >= 1 && number <= count &&
           count <= explorer::kMostShards;
  }

  absl::Status BuildOrSearch(const std::string& name, const std::string& value) {
    if (name == "binary") {
      options_.binary = value;
    } else if (name == "compiler") {
      options_.compiler = value;
      builds_ = true;
    } else if (name == "cflags") {
      Append(Words(value), options_.compile_flags);
      builds_ = true;
    } else if (name == "ldflags") {
      Append(Words(value), options_.link_flags);
      builds_ = true;
    } else if (name == "model") {
      if (value != "rc11" && value != "sc") return Bad(name, value, "rc11 or sc");
      sc_ = value == "sc";
      options_.runtime.emplace_back(name, value);
    } else if (name == "symmetry") {
      if (value != "on" && value != "off") return Bad(name, value, "on or off");
      symmetry_ = value == "on";
      options_.runtime.emplace_back(name, value);
    } else if (name == "unseen") {
      if (value != "refuse" && value != "warn" && value != "allow") {
        return Bad(name, value, "refuse, warn or allow");
      }
      options_.unseen = value;
      options_.runtime.emplace_back(name, value);
    } else if (name == "switch") {
      double probability = 0;
      if (!absl::SimpleAtod(value, &probability) || !(probability >= 0 && probability <= 1)) {
        return Bad(name, value, "a probability");
      }
      options_.runtime.emplace_back(name, value);
    } else if (name == "time") {
      std::string seconds;
      if (!ParseTime(value, seconds)) return Bad(name, value, "a time such as 30s, 10m or 2h");
      options_.runtime.emplace_back(name, seconds);
      bounded_ = true;
    } else {
      if (!ParseNumber(name, value)) return Bad(name, value, WantedNumber(name));
      if (name == "random" || name == "pct" || name == "preemptions") ++modes_;
      // Without an end of its own.
      if (name == "pct") sampled_ = true;
      if (name == "max_executions") bounded_ = true;
      options_.runtime.emplace_back(name, value);
    }
    return absl::OkStatus();
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  int modes_ = 0;
  bool sampled_ = false;
  bool bounded_ = false;
  bool sc_ = false;
  bool symmetry_ = false;
  bool parallel_ = false;
  bool builds_ = false;
  Options options_;
};

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments) {
  return Parser(arguments).Run();
}

std::string RuntimeOptions(const std::vector<std::pair<std::string, std::string>>& options) {
  std::string text;
  for (const auto& [name, value] : options) {
    absl::StrAppend(&text, text.empty() ? "" : ":", name, "=", value);
  }
  return text;
}

std::string ShellQuoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           absl::StrContains("_-./=+,:@%", absl::string_view(reinterpret_cast<char*>(&c), 1));
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace heddle::explore
