// SPDX-License-Identifier: Apache-2.0
//
// An exploration needs no more memory however many executions it has.
#include <sys/prctl.h>
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

// The memory that the program ever touched while it explored, in KiB; -1: it went wrong. It is
// counted in page faults, of small pages only: they are exact, where the kernel adds up the size of
// what is resident on each processor, now and then.
std::int64_t Touched(const Exploration& exploration, std::uint64_t executions) {
  const std::string options =
      std::string("HEDDLE_EXPLORE_OPTIONS=") + exploration.bound + std::to_string(executions);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    putenv(const_cast<char*>(options.c_str()));
    execl(kProgram, kProgram, exploration.program, exploration.threads, nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return -1;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != exploration.status) return -1;
  return usage.ru_minflt * (sysconf(_SC_PAGESIZE) / 1024);
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
  const std::int64_t few = Touched(GetParam(), executions / 10);
  const std::int64_t many = Touched(GetParam(), executions);
  ASSERT_GT(few, 0);
  ASSERT_GT(many, 0);
  EXPECT_LE(many - few, kMost) << few << " KiB, then " << many << " KiB";
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
