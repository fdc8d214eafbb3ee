// SPDX-License-Identifier: Apache-2.0
//
// What the explorer's engine says of the programs of verdicts: the verdict, what went
// wrong and where, and whether that was the whole search.
#include <sys/wait.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "checkers/scenario/counterexample.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {
namespace {

constexpr char kModel[] = "checkers/explorer/engine/verdicts_model.explore";

struct Case {
  const char* scenario;
  Verdict verdict;
  bool complete;
  std::array<const char*, 3> says;  // empty: nothing
  friend void PrintTo(const Case& it, std::ostream* out) { *out << it.scenario; }
};

constexpr Case kCases[] = {
    {"assertion",
     Verdict::kAssertion,
     false,
     {"value.load(std::memory_order_relaxed) == 1", "found in thread 0", "store"}},
    {"race", Verdict::kRace, false, {"race:", "read of 4 bytes", "write of 4 bytes"}},
    {"no_race", Verdict::kPass, true, {"", "", ""}},
    {"deadlock",
     Verdict::kDeadlock,
     false,
     {"held by thread 2", "held by thread 1",
      "they wait for each other: thread 1 -> thread 2 -> thread 1"}},
    {"no_deadlock", Verdict::kPass, true, {"", "", ""}},
    {"message_race", Verdict::kRace, false, {"race:", "read of 4 bytes", "write of 4 bytes"}},
    {"message_passed", Verdict::kPass, true, {"", "", ""}},
    {"lost_wakeup", Verdict::kLostWakeup, false, {"lost wakeup:", "thread 1 waits", "futex"}},
    {"lost_notification",
     Verdict::kLostWakeup,
     false,
     {"lost wakeup:", "thread 1 waits for the condition", ""}},
    {"livelock", Verdict::kLivelock, false, {"livelock:", "waits (await)", ""}},
    {"no_livelock", Verdict::kPass, true, {"", "", ""}},
    {"use_after_free",
     Verdict::kUseAfterFree,
     false,
     {"that thread 1 has freed", "allocated by thread 0", ""}},
    {"double_free",
     Verdict::kDoubleFree,
     false,
     {"that thread 1 has freed", "allocated by thread 0", ""}},
    {"out_of_bounds", Verdict::kOutOfBounds, false, {"offset 8 of a block of 8 bytes", "", ""}},
    {"leak", Verdict::kLeak, false, {"never freed", "allocated by thread", ""}},
    {"bad_unlock", Verdict::kBadUnlock, false, {"thread 2 unlocks", "which it does not hold", ""}},
    {"forbidden_outcome",
     Verdict::kForbiddenOutcome,
     false,
     {"the stores are not ordered", "", ""}},
    {"exception", Verdict::kCrash, false, {"uncaught exception: unexpected", "", ""}},
    {"null_pointer", Verdict::kCrash, false, {"thread 2: Segmentation fault at address 0", "", ""}},
    {"abort", Verdict::kAssertion, false, {"abort()", "", ""}},
    {"incomplete", Verdict::kIncomplete, false, {"more turns than unroll=", "", ""}},
    {"timed_park", Verdict::kPass, true, {"", "", ""}},
    {"files", Verdict::kPass, true, {"", "", ""}},
    {"plain_beside_files",
     Verdict::kRace,
     false,
     {"write of 4 bytes by thread 2", "write of 4 bytes by thread 1", ""}},
};

class VerdictsTest : public testing::TestWithParam<Case> {};

TEST_P(VerdictsTest, SaysWhatAndWhere) {
  const Case& wanted = GetParam();
  const std::string records = absl::StrCat(testing::TempDir(), "/", wanted.scenario);
  const std::string printed = records + ".txt";
  const std::string command = absl::StrCat(
      "env -u XML_OUTPUT_FILE -u TEST_UNDECLARED_OUTPUTS_DIR -u TEST_TOTAL_SHARDS ", kModel,
      " =engine/verdicts.", wanted.scenario, " --show --json=", records, " > ", printed, " 2>&1");
  std::remove(records.c_str());
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  const absl::StatusOr<std::string> text = ReadFile(printed);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << *text;
  const absl::StatusOr<std::string> line = ReadFile(records);
  ASSERT_TRUE(line.ok()) << line.status();
  const std::optional<VerdictRecord> record = VerdictRecordFromJson(*line);
  ASSERT_TRUE(record) << *line;
  EXPECT_EQ(record->verdict, wanted.verdict) << *text;
  EXPECT_EQ(record->complete, wanted.complete) << *text;
  EXPECT_EQ(record->engine, "explore");
  for (const char* said : wanted.says) EXPECT_TRUE(absl::StrContains(*text, said)) << said << *text;
}

INSTANTIATE_TEST_SUITE_P(EachVerdict, VerdictsTest, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& info) {
                           return std::string(info.param.scenario);
                         });

}  // namespace
}  // namespace heddle
