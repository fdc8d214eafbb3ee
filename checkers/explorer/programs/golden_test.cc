// SPDX-License-Identifier: Apache-2.0
//
// Each line of golden.txt is a test: explores a program and compares what it ends with.
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

constexpr char kDirectory[] = "checkers/explorer/programs/";

struct Golden {
  std::string program, arguments, model, verdict, executions, blocked;
};

void PrintTo(const Golden& golden, std::ostream* out) {
  *out << golden.program << " " << golden.arguments << " " << golden.model;
}

std::vector<Golden> ReadTable() {
  std::vector<Golden> table;
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat(kDirectory, "golden.txt"));
  if (!text.ok()) return table;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 6) return {};
    table.push_back({words[0], words[1], words[2], words[3], words[4], words[5]});
  }
  return table;
}

class GoldenTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, EndsAsRecorded) {
  const Golden& golden = GetParam();
  const char* const directory = std::getenv("TEST_TMPDIR");
  const std::string record =
      absl::StrCat(directory == nullptr ? "/tmp" : directory, "/golden.", getpid());
  const std::string command = absl::StrCat(
      "HEDDLE_EXPLORE_OPTIONS=model=", golden.model, ":record=", record, " ", kDirectory,
      golden.program, " ", absl::StrReplaceAll(golden.arguments, {{",", " "}}), " 2>&1");
  std::FILE* const output = popen(command.c_str(), "r");
  ASSERT_NE(output, nullptr);
  std::string said;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) said += buffer.data();
  pclose(output);
  const absl::StatusOr<std::string> text = ReadFile(record);
  std::remove(record.c_str());
  ASSERT_TRUE(text.ok()) << said;
  const absl::StatusOr<Record> parsed = ParseRecord(*text);
  ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << said;
  ASSERT_TRUE(parsed->end.has_value()) << said;
  EXPECT_EQ(parsed->end->verdict, golden.verdict) << said;
  EXPECT_EQ(parsed->end->complete, golden.verdict == "pass") << said;
  if (golden.executions != "-") {
    EXPECT_EQ(absl::StrCat(parsed->end->executions), golden.executions);
  }
  if (golden.blocked != "-") {
    EXPECT_EQ(absl::StrCat(parsed->end->blocked), golden.blocked);
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, GoldenTest, testing::ValuesIn(ReadTable()),
                         [](const testing::TestParamInfo<Golden>& info) {
                           std::string name =
                               absl::StrCat(info.param.program, "_", info.param.arguments, "_",
                                            info.param.model);
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return absl::StrCat(name, "_", info.index);
                         });

TEST(GoldenTableTest, IsNotEmpty) { EXPECT_GE(ReadTable().size(), 100U); }

}  // namespace
}  // namespace heddle::explorer::report
