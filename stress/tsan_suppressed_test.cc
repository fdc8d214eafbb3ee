// SPDX-License-Identifier: Apache-2.0
//
// An entry of a suppressions file, from the file to the verdict: this binary is built with
// testdata/tsan_suppressions.txt, in the way that the engine is with its own.
#include "checkers/scenario/scenario.h"
#include "gtest/gtest.h"
#include "stress/harness.h"
#include "stress/isolated.h"

namespace heddle {
namespace {

// Named in the file.
template <class P>
struct KnownRace {
  static constexpr int kThreads = 2;
  typename P::template Var<int> value{0};
  void Thread(int index) { value.set(index); }
};
HEDDLE_SCENARIO_FAILS("known_race", KnownRace, Verdict::kRace);

template <class P>
struct OtherRace {
  static constexpr int kThreads = 2;
  typename P::template Var<int> value{0};
  void Thread(int index) { value.set(index); }
};
HEDDLE_SCENARIO_FAILS("other_race", OtherRace, Verdict::kRace);

stress::IsolatedOutcome Outcome(const char* name, double seconds) {
  return stress::RunIsolated(
      name, {.modes = {{.noise = stress::NoiseKind::kPauses}, {.noise = stress::NoiseKind::kOff}},
             .seconds = seconds});
}

// A find ends the run: it has as long as a busy machine may need.
constexpr double kToBeFound = 60;

TEST(TsanSuppressedTest, WhatIsNotSuppressedIsReported) {
  const auto outcome = Outcome("other_race", kToBeFound);
  EXPECT_EQ(outcome.verdict, "race") << outcome.detail;
}

// The native engine's own detection is none of ThreadSanitizer's business.
TEST(TsanSuppressedTest, WhatIsSuppressedIsNotReported) {
#if defined(HEDDLE_TSAN)
  constexpr const char* kExpected = "pass";
  constexpr double kSeconds = 1;
#else
  constexpr const char* kExpected = "race";
  constexpr double kSeconds = kToBeFound;
#endif
  const auto outcome = Outcome("known_race", kSeconds);
  EXPECT_EQ(outcome.verdict, kExpected) << outcome.detail;
}

}  // namespace
}  // namespace heddle
