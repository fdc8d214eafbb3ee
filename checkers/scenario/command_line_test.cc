// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/command_line.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::uint64_t, number, 5, "a number");
ABSL_FLAG(bool, on, false, "a switch");
ABSL_FLAG(std::string, secret, "", "not for this command");

namespace heddle {
namespace {

const std::vector<absl::string_view> kFlags = {"number", "on"};

std::string ErrorOf(const std::vector<std::string>& arguments) {
  return std::string(ParseCommandLine(arguments, kFlags).status().message());
}

TEST(CommandLineTest, SetsFlagsAndReturnsTheRest) {
  const auto rest = ParseCommandLine({"a", "--number=7", "b", "--on"}, kFlags);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(*rest, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(absl::GetFlag(FLAGS_number), 7U);
  EXPECT_TRUE(absl::GetFlag(FLAGS_on));
  ASSERT_TRUE(ParseCommandLine({"--noon", "--number", "8"}, kFlags).ok());
  EXPECT_FALSE(absl::GetFlag(FLAGS_on));
  EXPECT_EQ(absl::GetFlag(FLAGS_number), 8U);
}

TEST(CommandLineTest, DashDashEndsFlags) {
  const auto rest = ParseCommandLine({"--", "--number=1"}, kFlags);
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(*rest, std::vector<std::string>{"--number=1"});
}

TEST(CommandLineTest, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf({"--nope"}), "unknown option --nope");
  EXPECT_EQ(ErrorOf({"-x"}), "unknown option -x");
  EXPECT_EQ(ErrorOf({"--secret=1"}), "unknown option --secret");
  EXPECT_EQ(ErrorOf({"--nonumber"}), "unknown option --nonumber");
  EXPECT_EQ(ErrorOf({"--number=many"}), "bad value 'many' for option --number");
  EXPECT_EQ(ErrorOf({"--number"}), "option --number needs a value");
}

TEST(CommandLineTest, HelpNamesTheDefault) {
  EXPECT_NE(FlagHelp(kFlags).find("a number (default 5)"), std::string::npos);
}

}  // namespace
}  // namespace heddle
