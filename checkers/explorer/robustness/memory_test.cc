// SPDX-License-Identifier: Apache-2.0
//
// An exploration needs no more memory however many executions it has.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ostream>
#include <string>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr char kProgram[] = "checkers/explorer/robustness/memory";

// Exit statuses of the program.
constexpr int kPass = 0;
constexpr int kIncomplete = 3;

// Of more executions than are visited.
struct Exploration {
  const char* program;
  const char* threads;
  const char* bound;  // the option that says how many are visited
  int status;         // that it must end with
  std::uint64_t executions;
};

void PrintTo(const Exploration& exploration, std::ostream* out) {
  *out << exploration.program << " " << exploration.threads << " " << exploration.bound;
}

// The most memory that the program ever had while it explored, in KiB; -1: it went wrong.
std::int64_t Peak(const Exploration& exploration, std::uint64_t executions) {
  const std::string options =
      std::string("HEDDLE_EXPLORE_OPTIONS=") + exploration.bound + std::to_string(executions);
  const pid_t child = fork();
  if (child == 0) {
    putenv(const_cast<char*>(options.c_str()));
    execl(kProgram, kProgram, exploration.program, exploration.threads, nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == exploration.status ? usage.ru_maxrss : -1;
}

// How many executions: by the environment, MEMORY_TEST_EXECUTIONS, or those that are given.
std::uint64_t Executions(std::uint64_t usual) {
  const char* const given = std::getenv("MEMORY_TEST_EXECUTIONS");
  return given == nullptr ? usual : std::strtoull(given, nullptr, 10);
}

class MemoryTest : public testing::TestWithParam<Exploration> {};

TEST_P(MemoryTest, DoesNotGrowWithExecutions) {
  const std::uint64_t executions = Executions(GetParam().executions);
  // A leak of one byte in each execution of a million would be more than three times that.
  constexpr std::int64_t kMost = 256;
  std::int64_t growth = kMost + 1;
  std::string seen;
  // The kernel counts pages on each processor, and adds up now and then: where a process runs, and
  // how often it moves, makes a difference of as much. What grows does so each time.
  for (int attempt = 0; attempt < 3 && growth > kMost; ++attempt) {
    const std::int64_t few = Peak(GetParam(), executions / 10);
    const std::int64_t many = Peak(GetParam(), executions);
    ASSERT_GT(few, 0);
    ASSERT_GT(many, 0);
    growth = many - few;
    seen += std::to_string(few) + " KiB, then " + std::to_string(many) + " KiB; ";
  }
  EXPECT_LE(growth, kMost) << seen;
}

INSTANTIATE_TEST_SUITE_P(Programs, MemoryTest,
                         testing::Values(Exploration{.program = "everything",
                                                     .threads = "10",
                                                     .bound = "max_executions=",
                                                     .status = kIncomplete,
                                                     .executions = 20'000},
                                         Exploration{.program = "counter",
                                                     .threads = "10",
                                                     .bound = "max_executions=",
                                                     .status = kIncomplete,
                                                     .executions = 100'000},
                                         Exploration{.program = "waiting",
                                                     .threads = "10",
                                                     .bound = "max_executions=",
                                                     .status = kIncomplete,
                                                     .executions = 100'000},
                                         Exploration{.program = "waiting",
                                                     .threads = "10",
                                                     .bound = "random=",
                                                     .status = kPass,
                                                     .executions = 100'000}),
                         [](const testing::TestParamInfo<Exploration>& info) {
                           const std::string bound = info.param.bound;
                           return std::string(info.param.program) + "_" +
                                  bound.substr(0, bound.find('='));
                         });

}  // namespace
}  // namespace heddle::explorer
