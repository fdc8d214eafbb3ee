// SPDX-License-Identifier: Apache-2.0
//
// A search with at most K preemptions finds the graphs of just the interleavings that have no more.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "checkers/explorer/oracle/enumerate.h"
#include "checkers/explorer/oracle/interleave.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/random_program.h"
#include "checkers/explorer/oracle/run_search.h"
#include "checkers/explorer/search/search.h"
#include "gtest/gtest.h"

namespace heddle::explorer::oracle {
namespace {

constexpr int kAny = 100;

Searched Bounded(const Program& program, Model model, int preemptions) {
  Options options;
  options.model = model;
  options.preemptions = preemptions;
  return RunSearch(program, options);
}

void ExpectAllWithin(const Program& program, int bound, const std::map<std::string, int>& all) {
  SCOPED_TRACE(bound);
  const Searched searched = Bounded(program, Model::kSc, bound);
  EXPECT_EQ(searched.failure, "");
  EXPECT_TRUE(searched.duplicates.empty());
  std::size_t within = 0;
  for (const auto& [graph, preemptions] : all) {
    within += preemptions <= bound ? 1 : 0;
    EXPECT_EQ(searched.graphs.count(graph), preemptions <= bound ? 1U : 0U)
        << Print(program) << graph << " needs " << preemptions;
  }
  EXPECT_EQ(searched.graphs.size(), within);
  EXPECT_EQ(searched.counts.complete, within);
}

// Sequentially consistent executions are among RC11's, and cost no more there.
void ExpectNoneMissing(const Program& program, int bound, const std::map<std::string, int>& all) {
  SCOPED_TRACE(bound);
  const Searched searched = Bounded(program, Model::kRc11, bound);
  EXPECT_EQ(searched.failure, "");
  EXPECT_TRUE(searched.duplicates.empty());
  for (const auto& [graph, preemptions] : all) {
    if (preemptions > bound) continue;
    EXPECT_EQ(searched.graphs.count(graph), 1U) << Print(program) << graph;
  }
}

void ExpectRight(const RandomOptions& random, std::uint64_t first, std::uint64_t count) {
  int needed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Program program = RandomProgram(seed, random);
    if (Enumerate(program, {.model = Model::kSc}, 2000).cut) continue;
    const std::map<std::string, int> all = InterleavingPreemptions(program);
    for (const auto& [graph, preemptions] : all) needed = std::max(needed, preemptions);
    for (int bound = 0; bound < 4; ++bound) {
      ExpectAllWithin(program, bound, all);
      ExpectNoneMissing(program, bound, all);
    }
    EXPECT_EQ(Bounded(program, Model::kRc11, kAny).graphs, RunSearch(program, Options{}).graphs)
        << Print(program);
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GE(needed, 3);
}

TEST(PreemptionsTest, BranchingPrograms) {
  ExpectRight({.awaits = false, .mutexes = false, .choices = true, .main = false}, 1, 200);
}

TEST(PreemptionsTest, WaitingPrograms) {
  ExpectRight({.turns = true, .mutexes = true, .main = false}, 1001, 150);
}

TEST(PreemptionsTest, ThreeThreads) {
  ExpectRight({.min_threads = 3, .max_operations = 8, .main = false}, 2001, 150);
}

// Two threads that alternate at each step.
TEST(PreemptionsTest, SaysWhatIsLeftOut) {
  const auto program = Parse(
      "thread\n r0 = add x 1 rlx\n r1 = add x 1 rlx\n"
      "thread\n r0 = add x 1 rlx\n r1 = add x 1 rlx\n");
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(Bounded(*program, Model::kRc11, 0).counts.complete, 2U);
  EXPECT_EQ(Bounded(*program, Model::kRc11, 1).counts.complete, 4U);
  EXPECT_EQ(Bounded(*program, Model::kRc11, 2).counts.complete, 6U);
  EXPECT_TRUE(Bounded(*program, Model::kRc11, 1).left_out);
  EXPECT_FALSE(Bounded(*program, Model::kRc11, 2).left_out);
  EXPECT_FALSE(Bounded(*program, Model::kRc11, -1).left_out);
}

}  // namespace
}  // namespace heddle::explorer::oracle
