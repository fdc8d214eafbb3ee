// SPDX-License-Identifier: Apache-2.0
//
// What the instrumentation does not see is found when a program is loaded, and named.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/explorer/report/execution.h"
#include "checkers/explorer/report/record.h"
#include "checkers/scenario/counterexample.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

struct Exploration {
  Record record;
  std::string output;
  int status = -1;
};

Exploration Explore(const std::string& program, const std::string& options) {
  const char* const directory = std::getenv("TEST_TMPDIR");
  const std::string file =
      absl::StrCat(directory == nullptr ? "/tmp" : directory, "/", program, ".record");
  Exploration run;
  const std::string command =
      absl::StrCat("HEDDLE_EXPLORE_OPTIONS=", options, ":record=", file,
                   " checkers/explorer/robustness/unseen/", program, " 2>&1");
  std::FILE* const output = popen(command.c_str(), "r");
  if (output == nullptr) return run;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), output) != nullptr) run.output += buffer.data();
  const int status = pclose(output);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const absl::StatusOr<std::string> text = ReadFile(file);
  EXPECT_TRUE(text.ok()) << text.status() << run.output;
  const absl::StatusOr<Record> record = ParseRecord(text.ok() ? *text : "");
  EXPECT_TRUE(record.ok()) << record.status();
  if (record.ok()) run.record = *record;
  return run;
}

// All that the report says of the code: what it is, and where.
std::string Report(const Record& record) {
  std::string text;
  for (const Remark& remark : Describe(record, "").remarks) {
    absl::StrAppend(&text, remark.text, "\n");
    for (const Place& place : remark.stack) {
      absl::StrAppend(&text, place.function, " ", place.where, "\n");
    }
  }
  return text;
}

struct Unseen {
  const char* program;
  const char* what;
  const char* where;
};

class UnseenTest : public testing::TestWithParam<Unseen> {};

TEST_P(UnseenTest, IsRefusedByNameAndPlace) {
  const Exploration run = Explore(GetParam().program, "unseen=refuse");
  EXPECT_EQ(run.status, 2) << run.output;
  EXPECT_TRUE(absl::StrContains(run.output, GetParam().what)) << run.output;
  EXPECT_TRUE(absl::StrContains(run.output, "not explored (unseen=warn goes on)")) << run.output;
  ASSERT_TRUE(run.record.error.has_value());
  EXPECT_TRUE(absl::StrContains(run.record.error->message, GetParam().what));
  EXPECT_EQ(run.record.unseen.size(), 1U);
  EXPECT_TRUE(absl::StrContains(Report(run.record), GetParam().where)) << Report(run.record);
}

TEST_P(UnseenTest, IsRefusedUnlessTheUserSaysOtherwise) {
  EXPECT_EQ(Explore(GetParam().program, "jobs=1").status, 2);
}

TEST_P(UnseenTest, MakesNoPassWithAWarning) {
  for (const char* const options : {"unseen=warn", "unseen=warn:jobs=2"}) {
    const Exploration run = Explore(GetParam().program, options);
    EXPECT_EQ(run.status, 3) << run.output;
    EXPECT_TRUE(absl::StrContains(run.output, GetParam().what)) << run.output;
    ASSERT_TRUE(run.record.end.has_value());
    EXPECT_EQ(run.record.end->verdict, "incomplete");
    EXPECT_FALSE(run.record.end->complete);
    EXPECT_TRUE(absl::StrContains(run.record.end->reason, GetParam().what));
  }
}

TEST_P(UnseenTest, IsTheUsersOwnBusinessIfAllowed) {
  const Exploration run = Explore(GetParam().program, "unseen=allow");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_TRUE(run.record.unseen.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Programs, UnseenTest,
    testing::Values(Unseen{"locked", "a locked instruction", "Touch"},
                    Unseen{"exchange", "an exchange with memory", "Touch"},
                    Unseen{"fence", "a fence", "Touch"},
                    Unseen{"system_call", "a system call", "Touch"},
                    Unseen{"without_unwinding", "a locked instruction", "Bare"},
                    Unseen{"foreign_object", "a locked instruction", "ForeignTouch"},
                    Unseen{"foreign_library", "libforeign.so", "libforeign.so"}),
    [](const testing::TestParamInfo<Unseen>& info) { return info.param.program; });

class SeenTest : public testing::TestWithParam<const char*> {};

TEST_P(SeenTest, IsExplored) {
  const Exploration run = Explore(GetParam(), "unseen=refuse");
  EXPECT_EQ(run.status, 0) << run.output;
  ASSERT_TRUE(run.record.end.has_value()) << run.output;
  EXPECT_TRUE(run.record.end->complete);
  // The two orders of the two additions, wherever those are.
  EXPECT_EQ(run.record.end->executions, 2U);
  EXPECT_TRUE(run.record.unseen.empty());
}

INSTANTIATE_TEST_SUITE_P(Programs, SeenTest, testing::Values("harmless", "instrumented_library"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return info.param;
                         });

}  // namespace
}  // namespace heddle::explorer::report
