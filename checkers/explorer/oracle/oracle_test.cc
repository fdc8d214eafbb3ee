// SPDX-License-Identifier: Apache-2.0
//
// The search finds what brute force finds: the same graphs, the same outcomes, each once.
#include <cstdint>
#include <string>

#include "checkers/explorer/oracle/compare.h"
#include "checkers/explorer/oracle/litmus.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/random_program.h"
#include "checkers/explorer/oracle/run_search.h"
#include "checkers/explorer/search/search.h"
#include "gtest/gtest.h"

namespace heddle::explorer::oracle {
namespace {

Program Parsed(const std::string& text) {
  const auto program = Parse(text);
  EXPECT_TRUE(program.ok()) << program.status();
  return program.ok() ? *program : Program{};
}

CompareOptions For(const ModelOptions& model) {
  CompareOptions options;
  options.model = model;
  options.search.model = model.model;
  options.search.release_sequence_cxx11 = model.release_sequence_cxx11;
  options.max_states = 3000;
  return options;
}

// Fails with the first program that differs, made as small as it can be.
void ExpectEqual(const RandomOptions& random, const ModelOptions& model, std::uint64_t first,
                 std::uint64_t count) {
  const CompareOptions options = For(model);
  std::uint64_t compared = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Program program = RandomProgram(seed, random);
    const Compared result = CompareApart(program, options);
    ASSERT_EQ(result.difference, "") << "seed " << seed << ", " << Explain(program, options);
    compared += result.skipped ? 0 : 1;
  }
  EXPECT_GT(compared, count * 9 / 10);
}

RandomOptions Straight() {
  return {.updates = false,
          .compare_exchange = false,
          .branches = false,
          .assumes = false,
          .awaits = false,
          .mutexes = false,
          .main = false};
}

RandomOptions Branching() {
  RandomOptions options = Straight();
  options.updates = options.compare_exchange = options.branches = options.assumes = true;
  options.weak = options.choices = options.main = true;
  return options;
}

RandomOptions Waiting() {
  RandomOptions options = Branching();
  options.awaits = options.turns = options.mutexes = options.plain = true;
  return options;
}

constexpr ModelOptions kRc11{};
constexpr ModelOptions kSc{.model = Model::kSc};
constexpr ModelOptions kCxx11{.release_sequence_cxx11 = true};

TEST(SearchTest, LitmusProgramsHaveTheirCounts) {
  for (const Litmus& litmus : AllLitmus()) {
    SCOPED_TRACE(litmus.name);
    const Program program = Parsed(litmus.text);
    const Searched rc11 = RunSearch(program, For(kRc11).search);
    EXPECT_EQ(rc11.failure, "");
    EXPECT_EQ(rc11.counts.complete, litmus.rc11);
    EXPECT_EQ(rc11.graphs.size(), litmus.rc11);
    EXPECT_EQ(rc11.counts.blocked > 0, litmus.blocks) << rc11.counts.blocked;
    EXPECT_FALSE(rc11.hangs);
    EXPECT_EQ(RunSearch(program, For(kSc).search).counts.complete, litmus.sc);
    EXPECT_EQ(RunSearch(program, For(kCxx11).search).counts.complete, litmus.cxx11);
    if (!litmus.small) continue;
    for (const ModelOptions& model : {kRc11, kSc, kCxx11}) {
      EXPECT_EQ(Compare(program, For(model)).difference, "");
    }
  }
}

TEST(SearchTest, EqualsBruteForceOnStraightPrograms) {
  ExpectEqual(Straight(), kRc11, 1, 300);
  ExpectEqual(Straight(), kSc, 1001, 100);
  ExpectEqual(Straight(), kCxx11, 2001, 100);
}

TEST(SearchTest, EqualsBruteForceOnBranchingPrograms) {
  ExpectEqual(Branching(), kRc11, 1, 400);
  ExpectEqual(Branching(), kSc, 1001, 200);
  ExpectEqual(Branching(), kCxx11, 2001, 100);
}

TEST(SearchTest, EqualsBruteForceOnWaitingPrograms) {
  ExpectEqual(Waiting(), kRc11, 1, 700);
  ExpectEqual(Waiting(), kSc, 2001, 200);
  ExpectEqual(Waiting(), kCxx11, 3001, 100);
}

// A turn that takes what another thread has put there between the turns: no hang, for either.
TEST(SearchTest, AgreesOnTurnsThatOthersWriteBetween) {
  const std::string takes = "thread\n turn\n r0 = xchg x 1 rlx\n spin r0 == 0\n";
  const std::string other = "thread\n store x 2 rlx\n";
  const std::string same = "init x 1\n" + takes + "thread\n store x 1 rlx\n";
  for (const std::string& text : {takes + other, takes + other + other, same, same + takes}) {
    for (const ModelOptions& model : {kRc11, kSc, kCxx11}) {
      const Compared compared = Compare(Parsed(text), For(model));
      EXPECT_EQ(compared.difference, "") << text;
      EXPECT_EQ(compared.hangs, text.starts_with(same)) << text;
    }
  }
}

TEST(SearchTest, PiecesOfASearchAreAllOfItAndShareNothing) {
  CompareOptions options = For(kRc11);
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    options.run.split_after = 1 + seed % 4;
    const Program program = RandomProgram(seed, Waiting());
    EXPECT_EQ(CompareApart(program, options).difference, "") << Print(program);
  }
}

TEST(SearchTest, StartsAnewAfterReset) {
  CompareOptions options = For(kRc11);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    options.run.reset_after = 1 + seed % 8;
    const Program program = RandomProgram(seed, Waiting());
    EXPECT_EQ(CompareApart(program, options).difference, "") << Print(program);
  }
}

TEST(SearchTest, SavedGraphsAreRestored) {
  CompareOptions options = For(kRc11);
  options.run.save_and_restore = true;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const Program program = RandomProgram(seed, Waiting());
    EXPECT_EQ(CompareApart(program, options).difference, "") << Print(program);
  }
}

TEST(SearchTest, RandomExecutionsExist) {
  for (const Strategy strategy : {Strategy::kRandom, Strategy::kPct}) {
    CompareOptions options = For(kRc11);
    options.search.strategy = strategy;
    options.search.max_executions = 200;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const Program program = RandomProgram(seed, Waiting());
      EXPECT_EQ(CompareApart(program, options).difference, "") << Print(program);
    }
  }
}

TEST(SearchTest, RandomExecutionsFindAllThatIsSmall) {
  CompareOptions options = For(kRc11);
  options.search.strategy = Strategy::kRandom;
  options.search.max_executions = 5000;
  for (const Litmus& litmus : AllLitmus()) {
    if (litmus.rc11 > 24) continue;
    SCOPED_TRACE(litmus.name);
    EXPECT_EQ(RunSearch(Parsed(litmus.text), options.search).graphs.size(), litmus.rc11);
  }
}

// What the comparison is worth: a search of another model is found out, by a program that is small.
TEST(CompareTest, FindsDifferencesAndShrinksThem) {
  CompareOptions options = For(kRc11);
  options.search.model = Model::kSc;
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const Program program = RandomProgram(seed, Straight());
    if (CompareApart(program, options).difference.empty()) continue;
    const Program shrunk = Shrink(program, options);
    EXPECT_FALSE(CompareApart(shrunk, options).difference.empty());
    EXPECT_LE(CountOperations(shrunk), 6) << Print(shrunk);
    if (++found == 3) break;
  }
  EXPECT_EQ(found, 3);
}

TEST(CompareTest, ACutSearchIsADifference) {
  CompareOptions options = For(kRc11);
  options.search.max_executions = 5;
  const Program program =
      Parsed("thread\n r0 = add x 1 rlx\nthread\n r0 = add x 1 rlx\nthread\n r0 = add x 1 rlx\n");
  EXPECT_NE(Compare(program, options).difference, "");
}

TEST(CompareTest, AComparisonWithoutEndIsADifference) {
  CompareOptions options = For(kRc11);
  options.max_states = 1'000'000'000;
  options.timeout_seconds = 1;
  std::string text;
  for (int thread = 0; thread < 6; ++thread) {
    text += "thread\n repeat 4\n r0 = add x 1 rlx\n end\n";
  }
  const Compared compared = CompareApart(Parsed(text), options);
  EXPECT_TRUE(compared.timed_out);
  EXPECT_NE(compared.difference, "");
}

}  // namespace
}  // namespace heddle::explorer::oracle
