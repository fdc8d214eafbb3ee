// SPDX-License-Identifier: Apache-2.0
//
// An exploration needs no more memory however many executions it has.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr char kProgram[] = "checkers/explorer/robustness/memory";

// The most memory that the program ever had while it explored, in KiB; -1: it went wrong.
std::int64_t Peak(std::uint64_t executions) {
  const std::string options = "HEDDLE_EXPLORE_OPTIONS=max_executions=" + std::to_string(executions);
  const pid_t child = fork();
  if (child == 0) {
    putenv(const_cast<char*>(options.c_str()));
    execl(kProgram, kProgram, "10", nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return -1;
  constexpr int kIncomplete = 3;  // which it must be: there are more
  return WIFEXITED(status) && WEXITSTATUS(status) == kIncomplete ? usage.ru_maxrss : -1;
}

// How many executions, by the environment: MEMORY_TEST_EXECUTIONS.
std::uint64_t Executions() {
  const char* const given = std::getenv("MEMORY_TEST_EXECUTIONS");
  return given == nullptr ? 20'000 : std::strtoull(given, nullptr, 10);
}

TEST(MemoryTest, DoesNotGrowWithExecutions) {
  const std::int64_t few = Peak(Executions() / 10);
  const std::int64_t many = Peak(Executions());
  ASSERT_GT(few, 0);
  ASSERT_GT(many, 0);
  // A leak of one byte in each execution of a million would be more than three times that.
  EXPECT_LE(many - few, 256) << few << " KiB, then " << many << " KiB";
}

}  // namespace
}  // namespace heddle::explorer
