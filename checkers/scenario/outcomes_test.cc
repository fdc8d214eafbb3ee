// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/outcomes.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "checkers/scenario/description.h"
#include "checkers/scenario/verdict.h"
#include "gtest/gtest.h"

namespace heddle {

namespace {
std::vector<std::string> failures;
}  // namespace

// The engine's part.
void Fail(Verdict verdict, std::string_view message, std::source_location /*where*/) {
  failures.push_back(std::string(ToString(verdict)) + ": " + std::string(message));
}

namespace {

using outcomes_internal::Begin;
using outcomes_internal::Collect;

constexpr GradedOutcome kGraded[] = {{"1 1", Grade::kAcceptable, "in turn"},
                                     {"0 1", Grade::kInteresting, "early"},
                                     {"0 0", Grade::kForbidden, "lost"}};

class OutcomesTest : public testing::Test {
 protected:
  void SetUp() override { failures.clear(); }
};

TEST_F(OutcomesTest, AreCountedWithTheirGrades) {
  ASSERT_TRUE(Begin(kGraded));
  for (int i = 0; i < 3; ++i) Observe("0 1");
  const std::vector<OutcomeCount> expected = {{"1 1", 0, Grade::kAcceptable, "in turn"},
                                              {"0 1", 3, Grade::kInteresting, "early"},
                                              {"0 0", 0, Grade::kForbidden, "lost"}};
  EXPECT_EQ(Collect(), expected);
  EXPECT_TRUE(failures.empty());
}

TEST_F(OutcomesTest, ForbiddenAndUnlistedOnesFail) {
  ASSERT_TRUE(Begin(kGraded));
  Observe("0 0");
  Observe("2 2");
  EXPECT_EQ(failures,
            (std::vector<std::string>{"forbidden_outcome: forbidden outcome 0 0: lost",
                                      "forbidden_outcome: an outcome that is not listed: 2 2"}));
  EXPECT_EQ(Collect().back(), (OutcomeCount{"2 2", 1, Grade::kForbidden, "not listed"}));
}

TEST_F(OutcomesTest, WithoutGradesAllAreAcceptable) {
  ASSERT_TRUE(Begin({}));
  Observe("b");
  Observe("a");
  Observe("");
  EXPECT_EQ(Collect(), (std::vector<OutcomeCount>{{.outcome = "", .count = 1},
                                                  {.outcome = "a", .count = 1},
                                                  {.outcome = "b", .count = 1}}));
  EXPECT_TRUE(failures.empty());
}

TEST_F(OutcomesTest, ComeFromThreadsAndProcesses) {
  ASSERT_TRUE(Begin({}));
  constexpr int kEach = 20000;
  constexpr int kKinds = 50;
  const auto observe = [] {
    for (int i = 0; i < kEach; ++i) Observe(std::to_string(i % kKinds));
  };
  const pid_t child = fork();
  if (child == 0) {
    observe();
    _exit(0);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(observe);
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto collected = Collect();
  ASSERT_EQ(collected.size(), static_cast<std::size_t>(kKinds));
  for (const OutcomeCount& count : collected) {
    EXPECT_EQ(count.count, static_cast<std::uint64_t>(4 * kEach / kKinds)) << count.outcome;
  }
}

TEST_F(OutcomesTest, ManyAndLongOnesDoNoHarm) {
  ASSERT_TRUE(Begin({}));
  const std::string base(2 * kLongestOutcome, 'x');
  Observe(base + "1");
  Observe(base + "2");
  for (std::size_t i = 0; i < 4 * kMostOutcomes; ++i) Observe(std::to_string(i));
  const auto collected = Collect();
  EXPECT_GE(collected.size(), kMostOutcomes);
  EXPECT_EQ(collected.back().outcome, base.substr(0, kLongestOutcome));
  EXPECT_EQ(collected.back().count, 2U);
}

TEST_F(OutcomesTest, GradesHaveNames) {
  for (const Grade grade : {Grade::kAcceptable, Grade::kInteresting, Grade::kForbidden}) {
    EXPECT_EQ(GradeFromString(ToString(grade)), grade);
  }
  EXPECT_EQ(GradeFromString("fine"), std::nullopt);
}

}  // namespace
}  // namespace heddle
