// SPDX-License-Identifier: Apache-2.0
//
// A replayed execution in a debugger: breakpoints, variables and call stacks of the program's
// threads. Needs gdb.
#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace heddle::explorer {
namespace {

constexpr char kProgram[] = "checkers/explorer/counterexamples/wrong_among_many";

std::string Output(const std::string& command) {
  std::FILE* const output = popen(absl::StrCat(command, " 2>&1").c_str(), "r");
  if (output == nullptr) return "";
  std::string said;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) said += buffer.data();
  pclose(output);
  return said;
}

std::size_t Count(absl::string_view text, absl::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != absl::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(DebuggerTest, StopsWhereTheReplayedExecutionIs) {
  const std::string outputs = testing::TempDir();
  Output(absl::StrCat("TEST_UNDECLARED_OUTPUTS_DIR=", outputs, " ", kProgram, " race"));
  const std::string commands = absl::StrCat(outputs, "/commands");
  std::ofstream(commands) << "set pagination off\n"
                             "handle SIGSEGV nostop noprint pass\n"
                             "break WriteData\nbreak ReadData\n"
                             "run race\nbacktrace\nprint value\n"
                             "continue\nbacktrace\nprint data\n"
                             "continue\n";
  const std::string said = Output(absl::StrCat("HEDDLE_EXPLORE_OPTIONS=replay=", outputs,
                                               "/wrong_among_many.explore.txt gdb -q -batch -x ",
                                               commands, " ", kProgram));
  // Each once: it is one execution that is run, and one time.
  EXPECT_EQ(Count(said, "Breakpoint 1, "), 1U) << said;
  EXPECT_EQ(Count(said, "Breakpoint 2, "), 1U) << said;
  const std::size_t write = said.find("Breakpoint 1, ");
  const std::size_t read = said.find("Breakpoint 2, ");
  ASSERT_LT(write, read) << said;
  const std::string first = said.substr(write, read - write);
  EXPECT_TRUE(absl::StrContains(first, "Publish ()")) << said;
  EXPECT_TRUE(absl::StrContains(first, "heddle_explorer_thread_start")) << said;
  EXPECT_TRUE(absl::StrContains(first, "$1 = 42")) << said;
  EXPECT_TRUE(absl::StrContains(said.substr(read), "Receive ()")) << said;
  EXPECT_TRUE(absl::StrContains(said.substr(read), "$2 = 42")) << said;
  EXPECT_TRUE(absl::StrContains(said, "heddle explorer: race: ")) << said;
}

}  // namespace
}  // namespace heddle::explorer
