// SPDX-License-Identifier: Apache-2.0
//
// Compares the search with brute force on any number of random programs.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkers/explorer/oracle/compare.h"
#include "checkers/explorer/oracle/random_program.h"

ABSL_FLAG(std::uint64_t, seed, 1, "the first program's seed; the next has the next");
ABSL_FLAG(std::uint64_t, count, 1000, "how many programs");
ABSL_FLAG(int, threads, 4, "at most that many");
ABSL_FLAG(int, operations, 9, "at most that many, in all threads");
ABSL_FLAG(int, locations, 3, "at most that many");
ABSL_FLAG(
    std::string, features, "update,cas,branch,assume,await,mutex,main",
    "what programs may contain besides reads, writes and fences; also turn,weak,choose,plain, and "
    "identical threads, explored with symmetry");
ABSL_FLAG(std::string, model, "rc11", "rc11, sc or cxx11");
ABSL_FLAG(std::uint64_t, failures, 5, "stop after that many programs that differ");
ABSL_FLAG(std::uint64_t, max_states, 20'000, "skip programs with more partial graphs");
ABSL_FLAG(std::uint64_t, split, 0, "split the search into pieces after that many executions");
ABSL_FLAG(bool, save, false, "save and restore each complete execution");
ABSL_FLAG(std::string, strategy, "all", "all, random or pct");
ABSL_FLAG(std::uint64_t, executions, 1000, "of the strategies random and pct, for each program");
ABSL_FLAG(std::string, program, "", "compare the program in this file instead");

namespace heddle::explorer::oracle {
namespace {

int Usage(const std::string& message) {
  std::cerr << "oracle_fuzz: " << message << '\n';
  return 2;
}

bool SetFeature(const std::string& name, RandomOptions& options) {
  const std::vector<std::pair<std::string, bool*>> features = {
      {"update", &options.updates}, {"cas", &options.compare_exchange},
      {"weak", &options.weak},      {"branch", &options.branches},
      {"assume", &options.assumes}, {"await", &options.awaits},
      {"turn", &options.turns},     {"mutex", &options.mutexes},
      {"choose", &options.choices}, {"main", &options.main},
      {"plain", &options.plain},    {"identical", &options.identical}};
  for (const auto& [feature, flag] : features) {
    if (feature == name) {
      *flag = true;
      return true;
    }
  }
  return false;
}

int CompareFile(const std::string& file, const CompareOptions& options) {
  std::ifstream in(file);
  if (!in) return Usage(absl::StrCat("cannot read ", file));
  const auto program = Parse(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!program.ok()) return Usage(absl::StrCat(file, ": ", program.status().message()));
  const Compared compared = CompareApart(*program, options);
  if (compared.difference.empty()) {
    std::cout << (compared.skipped ? "too large\n"
                                   : absl::StrCat("equal: ", compared.graphs, " executions, ",
                                                  compared.blocked, " blocked\n"));
    return 0;
  }
  std::cout << compared.difference << "\nshrunk: " << Explain(*program, options);
  return 1;
}

int Run() {
  RandomOptions random{.max_threads = absl::GetFlag(FLAGS_threads),
                       .max_operations = absl::GetFlag(FLAGS_operations),
                       .max_locations = absl::GetFlag(FLAGS_locations),
                       .updates = false,
                       .compare_exchange = false,
                       .branches = false,
                       .assumes = false,
                       .awaits = false,
                       .mutexes = false,
                       .main = false};
  if (random.max_threads < random.min_threads || random.max_threads > 8) {
    return Usage("--threads must be 2 to 8");
  }
  if (random.max_operations < 1 || random.max_operations > 16) {
    return Usage("--operations must be 1 to 16");
  }
  if (random.max_locations < 1 || random.max_locations > 4) {
    return Usage("--locations must be 1 to 4");
  }
  const std::string features = absl::GetFlag(FLAGS_features);
  const std::vector<std::string> names = absl::StrSplit(features, ',', absl::SkipEmpty());
  for (const std::string& name : names) {
    if (!SetFeature(name, random)) return Usage(absl::StrCat("unknown feature: ", name));
  }
  CompareOptions options;
  options.max_states = absl::GetFlag(FLAGS_max_states);
  const std::string strategy = absl::GetFlag(FLAGS_strategy);
  if (strategy == "random" || strategy == "pct") {
    options.search.strategy = strategy == "pct" ? Strategy::kPct : Strategy::kRandom;
    options.search.max_executions = absl::GetFlag(FLAGS_executions);
  } else if (strategy != "all") {
    return Usage(absl::StrCat("unknown strategy: ", strategy));
  }
  options.search.symmetry = random.identical;
  options.run.split_after = absl::GetFlag(FLAGS_split);
  options.run.save_and_restore = absl::GetFlag(FLAGS_save);
  const std::string model = absl::GetFlag(FLAGS_model);
  if (model == "sc") {
    options.search.model = options.model.model = Model::kSc;
  } else if (model == "cxx11") {
    options.search.release_sequence_cxx11 = options.model.release_sequence_cxx11 = true;
  } else if (model != "rc11") {
    return Usage(absl::StrCat("unknown model: ", model));
  }
  if (const std::string file = absl::GetFlag(FLAGS_program); !file.empty()) {
    return CompareFile(file, options);
  }

  const std::uint64_t first = absl::GetFlag(FLAGS_seed);
  std::uint64_t failures = 0;
  std::size_t compared = 0, skipped = 0, graphs = 0, found = 0, blocked = 0, dropped = 0,
              repeats = 0, hangs = 0;
  for (std::uint64_t seed = first; seed - first < absl::GetFlag(FLAGS_count); ++seed) {
    const Program program = RandomProgram(seed, random);
    const Compared result = CompareApart(program, options);
    if (!result.difference.empty()) {
      std::cout << "seed " << seed << ", " << Explain(program, options) << "\n" << std::flush;
      if (++failures >= absl::GetFlag(FLAGS_failures)) break;
      continue;
    }
    (result.skipped ? skipped : compared) += 1;
    graphs += result.graphs;
    found += result.found;
    blocked += result.blocked;
    dropped += result.dropped;
    repeats += result.repeats;
    hangs += result.hangs ? 1 : 0;
  }
  std::cout << compared << " programs equal, " << failures << " not, " << skipped << " too large; "
            << graphs << " executions, " << found << " found, " << blocked << " blocked, "
            << dropped << " dropped, " << repeats << " repeat others; " << hangs
            << " programs can hang\n";
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace heddle::explorer::oracle

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("oracle_fuzz [--seed=S] [--count=N] [--features=LIST] [...]");
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    return heddle::explorer::oracle::Usage(absl::StrCat("unexpected argument: ", rest[1]));
  }
  return heddle::explorer::oracle::Run();
}
