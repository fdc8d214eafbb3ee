// SPDX-License-Identifier: Apache-2.0
//
// Where a sleep without end may be the C++ library's fault the report says so, and only there.
#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "checkers/explorer/programs/run_program.h"
#include "checkers/explorer/report/execution.h"
#include "gtest/gtest.h"

namespace heddle::explorer::report {
namespace {

bool HintsAtTheLibrary(const std::string& program, const std::string& arguments,
                       const std::string& verdict) {
  const ProgramRun run = RunProgram(program, arguments, "");
  EXPECT_TRUE(run.record.ok()) << run.record.status() << run.output;
  if (!run.record.ok()) return false;
  const Execution execution = Describe(*run.record, "/nowhere");
  EXPECT_EQ(execution.verdict, verdict) << run.output;
  return std::any_of(execution.remarks.begin(), execution.remarks.end(), [](const Remark& remark) {
    return absl::StrContains(remark.text, "libstdc++'s fault");
  });
}

TEST(HintsTest, TheLibrarysOwnLostWakeUps) {
  EXPECT_TRUE(HintsAtTheLibrary("standard", "semaphore 2", "deadlock"));
  EXPECT_TRUE(HintsAtTheLibrary("standard", "latch 2", "lost_wakeup"));
  EXPECT_TRUE(HintsAtTheLibrary("standard", "atomic_wait 2", "lost_wakeup"));
}

TEST(HintsTest, TheProgramsLostWakeUps) {
  // Nobody notifies.
  EXPECT_FALSE(HintsAtTheLibrary("standard", "flag_wait 1", "lost_wakeup"));
  EXPECT_FALSE(HintsAtTheLibrary("standard", "flag_wait 2", "deadlock"));
  // Futexes of its own.
  EXPECT_FALSE(HintsAtTheLibrary("futex", "wait_release 2", "lost_wakeup"));
  EXPECT_FALSE(HintsAtTheLibrary("wrong", "lost_wakeup", "lost_wakeup"));
}

}  // namespace
}  // namespace heddle::explorer::report
