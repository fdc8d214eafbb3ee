// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/variant_time.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace heddle {
namespace {

constexpr std::size_t kVariants = 17;

VariantTime Costing(double seconds) {
  VariantTime time;
  for (int i = 0; i < 100; ++i) time.Add(seconds);
  return time;
}

TEST(VariantTimeTest, AllInTheirOrderWhereThereIsTime) {
  const std::vector<std::size_t> all = Costing(0.01).Choose(4, 1, "a", 7);
  EXPECT_EQ(all, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(VariantTimeTest, TheTimeIsKept) {
  for (const double cost : {0.001, 0.01, 0.03}) {
    const VariantTime time = Costing(cost);
    for (const double seconds : {0.05, 0.1, 0.2, 0.5, 1.0, 10.0}) {
      const std::size_t chosen = time.Choose(kVariants, seconds, "a", 1).size();
      EXPECT_LE(static_cast<double>(chosen) * (time.SecondsOf(chosen, seconds) + cost),
                seconds * 1.001)
          << cost << " " << seconds;
    }
  }
}

TEST(VariantTimeTest, WhoTakesTooLongTakesFromThoseBehind) {
  VariantTime time;
  EXPECT_EQ(time.Left(1), 1);
  time.Spent(1.5, 1);
  EXPECT_EQ(time.Left(1), 0.5);
  time.Spent(0.5, 1);
  EXPECT_EQ(time.Left(1), 1);
  time.Spent(100, 1);
  EXPECT_EQ(time.Left(1), 0.25);
}

TEST(VariantTimeTest, OneMoreAsLongAsThereIsTimeForItsProcess) {
  const VariantTime time = Costing(0.03);
  EXPECT_TRUE(time.Allows(0.04));
  EXPECT_FALSE(time.Allows(0.02));
  EXPECT_FALSE(time.Allows(-1));
}

TEST(VariantTimeTest, OneWhereThereIsNone) {
  const VariantTime time = Costing(0.03);
  EXPECT_EQ(time.Choose(kVariants, 0.001, "a", 1).size(), 1);
  EXPECT_GT(time.SecondsOf(1, 0.001), 0);
}

TEST(VariantTimeTest, EachVariantGetsItsShare) {
  const VariantTime time = Costing(0.01);
  std::vector<int> runs(kVariants);
  for (int i = 0; i < 1700; ++i) {
    const std::vector<std::size_t> chosen =
        time.Choose(kVariants, 0.04, "family/name" + std::to_string(i), 1);
    EXPECT_EQ(std::set<std::size_t>(chosen.begin(), chosen.end()).size(), chosen.size());
    for (const std::size_t variant : chosen) ++runs[variant];
  }
  for (const int count : runs) EXPECT_NEAR(count, 200, 60);
}

TEST(VariantTimeTest, AnotherSeedChoosesOthers) {
  const VariantTime time = Costing(0.01);
  std::set<std::size_t> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    seen.insert(time.Choose(kVariants, 0.01, "a", seed)[0]);
  }
  EXPECT_EQ(seen.size(), kVariants);
}

}  // namespace
}  // namespace heddle
