// SPDX-License-Identifier: Apache-2.0
//
// The heddle command. The launcher script at the root sets things up and calls it.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "checkers/scenario/command_line.h"
#include "tools/heddle/bench.h"
#include "tools/heddle/explore.h"
#include "tools/heddle/linearize.h"
#include "tools/heddle/lockorder.h"
#include "tools/heddle/subcommands.h"
#include "tools/heddle/weaken_suite.h"

namespace heddle {
namespace {

struct Subcommand {
  const char* name;
  int (*run)(const std::vector<std::string>&);
};

constexpr Subcommand kSubcommands[] = {
    {"bench", RunBench},         {"check", RunCheck},         {"explore", RunExplore},
    {"linearize", RunLinearize}, {"lockorder", RunLockorder}, {"weaken", RunWeaken},
    {"stress", RunStress},
};

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    std::fputs("heddle: no subcommand; heddle --help lists them\n", stderr);
    return kExitUsage;
  }
  for (const Subcommand& subcommand : kSubcommands) {
    if (arguments[0] == subcommand.name) {
      return subcommand.run(std::vector<std::string>(arguments.begin() + 1, arguments.end()));
    }
  }
  std::fprintf(stderr, "heddle: unknown subcommand '%s'\n", arguments[0].c_str());
  return kExitUsage;
}

}  // namespace
}  // namespace heddle

int main(int argc, char** argv) { return heddle::Main(argc, argv); }
