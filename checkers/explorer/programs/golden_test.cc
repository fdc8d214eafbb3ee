// SPDX-License-Identifier: Apache-2.0
//
// Each line of golden.txt is a test: explores a program and compares what it ends with.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/explorer/programs/run_program.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

// Of the programs' names: how they are built.
std::string Variant() {
  const char* const variant = std::getenv("GOLDEN_VARIANT");
  return variant == nullptr ? "" : variant;
}

// A table of what differs from golden.txt for programs that are built that way; empty: nothing
// does.
std::string Differences() {
  const char* const name = std::getenv("GOLDEN_DIFFERENCES");
  return name == nullptr ? "" : name;
}

constexpr char kDirectory[] = "checkers/explorer/programs/";

struct Golden {
  std::string program, arguments, model, verdict, executions, blocked;
};

void PrintTo(const Golden& golden, std::ostream* out) {
  *out << golden.program << " " << golden.arguments << " " << golden.model;
}

std::vector<Golden> ReadFileOfRows(const std::string& name) {
  std::vector<Golden> table;
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat(kDirectory, name));
  if (!text.ok()) return table;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 6) return {};
    table.push_back({words[0], words[1], words[2], words[3], words[4], words[5]});
  }
  return table;
}

bool IsSameRun(const Golden& a, const Golden& b) {
  return a.program == b.program && a.arguments == b.arguments && a.model == b.model;
}

std::vector<Golden> ReadTable() {
  std::vector<Golden> table = ReadFileOfRows("golden.txt");
  if (Differences().empty()) return table;
  for (const Golden& other : ReadFileOfRows(Differences())) {
    for (Golden& golden : table) {
      if (IsSameRun(golden, other)) golden = other;
    }
  }
  return table;
}

class GoldenTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTest, EndsAsRecorded) {
  const Golden& golden = GetParam();
  const ProgramRun run =
      RunProgram(golden.program + Variant(), absl::StrReplaceAll(golden.arguments, {{",", " "}}),
                 absl::StrCat("model=", golden.model));
  const std::string& said = run.output;
  const absl::StatusOr<Record>& parsed = run.record;
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

TEST(GoldenTableTest, DifferencesAreSome) {
  if (Differences().empty()) GTEST_SKIP() << "the programs are built as golden.txt wants them";
  const std::vector<Golden> table = ReadFileOfRows("golden.txt");
  const std::vector<Golden> differences = ReadFileOfRows(Differences());
  EXPECT_FALSE(differences.empty());
  for (const Golden& other : differences) {
    const auto same = std::find_if(table.begin(), table.end(),
                                   [&](const Golden& row) { return IsSameRun(row, other); });
    ASSERT_NE(same, table.end()) << testing::PrintToString(other);
    EXPECT_FALSE(same->verdict == other.verdict && same->executions == other.executions &&
                 same->blocked == other.blocked)
        << testing::PrintToString(other);
  }
}

}  // namespace
}  // namespace heddle::explorer::report
