// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/engine/schedule.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/explorer/search/search.h"
#include "gtest/gtest.h"

namespace heddle::explorer_engine {
namespace {

using explorer::Recorded;

TEST(ScheduleTest, ReadsWhatStressRunsWrite) {
  const absl::StatusOr<std::vector<Recorded>> schedule = ParseSchedule(
      "0 fetch_add 3 a/b.h:31\n1 load 18446744073709551615 a/b.h:32\n1 store - a/b.h:33\n"
      "0 load * a/b.h:32\n0 fence - a/b.h:34\n0 Mutex::lock - a/b.h:35\n",
      2);
  ASSERT_TRUE(schedule.ok()) << schedule.status();
  ASSERT_EQ(schedule->size(), 6);
  const Recorded& update = (*schedule)[0];
  EXPECT_EQ(update.thread, 1);
  EXPECT_EQ(update.kind, Recorded::Kind::kUpdate);
  EXPECT_EQ(update.result, Recorded::Result::kValue);
  EXPECT_TRUE(update.value == 3);
  EXPECT_EQ((*schedule)[1].kind, Recorded::Kind::kLoad);
  EXPECT_TRUE((*schedule)[1].value == ~std::uint64_t{0});
  EXPECT_EQ((*schedule)[2].kind, Recorded::Kind::kStore);
  EXPECT_EQ((*schedule)[2].result, Recorded::Result::kUnknown);
  EXPECT_EQ((*schedule)[3].result, Recorded::Result::kNotZero);
  EXPECT_EQ((*schedule)[3].place, (*schedule)[1].place);
  EXPECT_NE((*schedule)[3].place, (*schedule)[0].place);
  EXPECT_EQ((*schedule)[4].kind, Recorded::Kind::kFence);
  EXPECT_EQ((*schedule)[5].kind, Recorded::Kind::kCall);
}

TEST(ScheduleTest, RefusesWhatIsNone) {
  for (const char* const line : {"x", "0 load 1", "2 load 1 a.h:1", "-1 load 1 a.h:1",
                                 "0 load one a.h:1", "0  1 a.h:1", "0 load -1 a.h:1"}) {
    const auto schedule = ParseSchedule(std::string("0 load 1 a.h:1\n") + line + "\n", 2);
    ASSERT_FALSE(schedule.ok()) << line;
    EXPECT_NE(schedule.status().message().find("line 2: '"), std::string::npos)
        << schedule.status();
  }
  EXPECT_TRUE(ParseSchedule("", 2).ok());
}

}  // namespace
}  // namespace heddle::explorer_engine
