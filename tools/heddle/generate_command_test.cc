// SPDX-License-Identifier: Apache-2.0
//
// The command line of heddle stress --generate: what is wrong is one line, and exit status 2.
#include <string>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "checkers/scenario/command_line.h"
#include "gtest/gtest.h"
#include "tools/heddle/subcommands.h"

namespace heddle {
namespace {

TEST(GenerateCommandTest, RefusesWhatIsWrong) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--count=-1"},         {"--count=many"},       {"--count=0"},
      {"--count=100001"},     {"--max_threads=1"},    {"--max_threads=5"},
      {"--max_operations=0"}, {"--max_operations=7"}, {"--max_values=0"},
      {"--program_time=0"},   {"--program_time=-1"},  {"--program_time=nan"},
      {"--duration=0s"},      {"--duration=long"},    {"--engine=relacy,tsan"},
      {"--noise=off"},        {"--no_such_flag"},     {"--json=/no/such/directory/file"}};
  for (std::vector<std::string> arguments : wrong) {
    const absl::FlagSaver saver;
    arguments.insert(arguments.begin(), "--generate");
    testing::internal::CaptureStderr();
    EXPECT_EQ(RunStress(arguments), kExitUsage) << arguments[1];
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(absl::StartsWith(said, "heddle: ")) << said;
    EXPECT_EQ(said.find('\n'), said.size() - 1) << said;
  }
}

TEST(GenerateCommandTest, Helps) {
  const absl::FlagSaver saver;
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunStress({"--generate", "--help"}), kExitOk);
  EXPECT_TRUE(absl::StrContains(testing::internal::GetCapturedStdout(), "--max_operations"));
}

}  // namespace
}  // namespace heddle
