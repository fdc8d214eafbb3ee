// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/verdict.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace heddle {
namespace {

TEST(VerdictTest, EveryNameRoundTrips) {
  for (int i = 0; i <= static_cast<int>(Verdict::kError); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    EXPECT_EQ(VerdictFromString(ToString(verdict)), verdict);
  }
  EXPECT_EQ(VerdictFromString("fine"), std::nullopt);
}

TEST(VerdictTest, OnlyWrongCodeIsAFinding) {
  EXPECT_FALSE(IsFinding(Verdict::kPass));
  EXPECT_TRUE(IsFinding(Verdict::kAssertion));
  EXPECT_TRUE(IsFinding(Verdict::kCrash));
  EXPECT_FALSE(IsFinding(Verdict::kMissed));
  EXPECT_FALSE(IsFinding(Verdict::kIncomplete));
  EXPECT_FALSE(IsFinding(Verdict::kError));
}

TEST(VerdictSetTest, NamesItsMembers) {
  const VerdictSet set = Verdict::kRace | Verdict::kAssertion;
  EXPECT_TRUE(set.contains(Verdict::kRace));
  EXPECT_FALSE(set.contains(Verdict::kPass));
  EXPECT_EQ(ToString(set), "assertion|race");
}

TEST(VerdictRecordTest, TheLineIsTheDocumentedOne) {
  VerdictRecord record;
  record.scenario = "mutex/ticket_lock.excludes";
  record.primitive = "mutex/ticket_lock";
  record.threads = 3;
  record.engine = "relacy";
  record.mode = "full";
  record.executions = 2068170;
  record.complete = true;
  record.seconds = 3.5;
  record.verdict = Verdict::kPass;
  record.expected = "pass";
  record.ok = true;
  EXPECT_EQ(ToJson(record),
            "{\"scenario\":\"mutex/ticket_lock.excludes\",\"primitive\":\"mutex/ticket_lock\","
            "\"mutant\":null,\"threads\":3,\"engine\":\"relacy\",\"mode\":\"full\","
            "\"executions\":2068170,\"blocked\":0,\"complete\":true,\"seconds\":3.5,"
            "\"verdict\":\"pass\",\"expected\":\"pass\",\"ok\":true,\"counterexample\":null,"
            "\"seed\":null}");
}

TEST(VerdictRecordTest, RoundTrips) {
  VerdictRecord record;
  record.scenario = "a.b";
  record.primitive = "a";
  record.mutant = "weak";
  record.engine = "stress";
  record.verdict = Verdict::kMissed;
  record.expected = "race";
  record.seed = 7;
  record.counterexample = "dir/file";
  record.reason = "quote \" and \n line";
  const auto back = VerdictRecordFromJson(ToJson(record));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(ToJson(*back), ToJson(record));
}

TEST(VerdictRecordTest, RefusesWhatIsNotARecord) {
  EXPECT_EQ(VerdictRecordFromJson(""), std::nullopt);
  EXPECT_EQ(VerdictRecordFromJson("[1]"), std::nullopt);
  EXPECT_EQ(VerdictRecordFromJson("{\"scenario\":3}"), std::nullopt);
  const std::string line = ToJson(VerdictRecord());
  EXPECT_EQ(VerdictRecordFromJson(line.substr(0, line.size() - 1)), std::nullopt);
}

}  // namespace
}  // namespace heddle
