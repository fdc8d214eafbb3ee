// SPDX-License-Identifier: Apache-2.0
//
// A search with symmetry finds one execution of each set of those that differ in the names of
// interchangeable threads only, by comparison with brute force.
#include "checkers/explorer/oracle/symmetry.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "checkers/explorer/oracle/compare.h"
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

Program Copies(int count, const std::string& block) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "thread\n" + block;
  return Parsed(text);
}

Searched Symmetric(const Program& program, Model model = Model::kRc11) {
  Options options;
  options.model = model;
  options.symmetry = true;
  return RunSearch(program, options);
}

void ExpectNoneLost(const RandomOptions& random, Model model, std::uint64_t first,
                    std::uint64_t count) {
  CompareOptions options;
  options.search.model = options.model.model = model;
  options.search.symmetry = true;
  options.max_states = 1000;
  std::size_t all = 0;
  std::size_t repeats = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Program program = RandomProgram(seed, random);
    const Compared result = CompareApart(program, options);
    ASSERT_EQ(result.difference, "") << "seed " << seed << ", " << Explain(program, options);
    all += result.found;
    repeats += result.repeats;
  }
  EXPECT_GT(all, count);
  EXPECT_EQ(repeats, 0U);
}

constexpr RandomOptions kBranching{.max_operations = 6,
                                   .weak = true,
                                   .awaits = false,
                                   .mutexes = false,
                                   .choices = true,
                                   .identical = true};
constexpr RandomOptions kWaiting{.max_operations = 6,
                                 .weak = true,
                                 .turns = true,
                                 .choices = true,
                                 .plain = true,
                                 .identical = true};

TEST(SymmetryTest, LosesNoExecutionOfBranchingPrograms) {
  ExpectNoneLost(kBranching, Model::kRc11, 1, 250);
  ExpectNoneLost(kBranching, Model::kSc, 1001, 100);
}

TEST(SymmetryTest, LosesNoExecutionOfWaitingPrograms) {
  ExpectNoneLost(kWaiting, Model::kRc11, 1, 300);
  ExpectNoneLost(kWaiting, Model::kSc, 1001, 100);
}

TEST(SymmetryTest, InterchangeableThreadsAreOneExecution) {
  for (int count = 2; count <= 5; ++count) {
    for (const char* block :
         {"r0 = add x 1 rlx\n", "lock m\nr0 = load x rlx\nstore x r0+1 rlx\nunlock m\n",
          "r0 = add x 1 rlx\nr1 = load y acq until == r0\nstore y r0+1 rel\n"}) {
      const Searched searched = Symmetric(Copies(count, block));
      EXPECT_EQ(searched.counts.complete, 1U) << block;
      EXPECT_EQ(searched.counts.blocked, 0U) << block;
      EXPECT_TRUE(searched.symmetric);
    }
  }
}

TEST(SymmetryTest, OtherThreadsAreNot) {
  const Searched searched =
      Symmetric(Parsed("thread\n r0 = add x 1 rlx\nthread\n r0 = add x 2 rlx\n"));
  EXPECT_EQ(searched.counts.complete, 2U);
  EXPECT_FALSE(searched.symmetric);
}

// Each of two threads may read either value, and their order does not matter: 2 * 3 / 2.
TEST(SymmetryTest, CountsSetsOfReads) {
  const Program program = Parsed(
      "thread\n r0 = load x rlx\nthread\n r0 = load x rlx\n"
      "thread\n store x 1 rlx\n");
  EXPECT_EQ(Symmetric(program).counts.complete, 3U);
}

TEST(SymmetryTest, WhoJoinsOneAndThenLooksCanTellThemApart) {
  const Program program = Parsed(
      "main\n create 1\n create 2\n join 1\n r0 = load x rlx\n join 2\n"
      "thread\n r0 = add x 1 rlx\nthread\n r0 = add x 1 rlx\n");
  const Searched searched = Symmetric(program);
  EXPECT_FALSE(searched.symmetric);
  EXPECT_EQ(searched.graphs, RunSearch(program, Options{}).graphs);
}

// A write of x before one that is before it in program order and reads-from.
TEST(SymmetryTest, IsGivenUpWhereCoherenceOrderContradicts) {
  const Program program = Parsed(
      "thread\n store x 2 rlx\n"
      "thread\n r0 = load x rlx\n store y 1 rlx\nthread\n r0 = load x rlx\n store y 1 rlx\n"
      "thread\n r0 = load y rlx\n if r0 == 1\n  store x 1 rlx\n end\n");
  const Searched searched = Symmetric(program);
  EXPECT_FALSE(searched.symmetric);
  EXPECT_EQ(searched.graphs, RunSearch(program, Options{}).graphs);
  // Under sequential consistency it does not.
  EXPECT_TRUE(Symmetric(program, Model::kSc).symmetric);
}

TEST(UpToSymmetryTest, RenamesThreads) {
  const Program program = Copies(2, "r0 = add x 1 rlx\n");
  const std::set<std::string> both = {
      "1: Rx=0<init Ux=1 | 2: Rx=1<1.1 Ux=2 | x: 1.1 2.1 | ",
      "1: Rx=1<2.1 Ux=2 | 2: Rx=0<init Ux=1 | x: 2.1 1.1 | ",
  };
  EXPECT_EQ(UpToSymmetry(program, both).size(), 1U);
  EXPECT_EQ(UpToSymmetry(program, {"1.r0=1 x=2 ", "2.r0=1 x=2 "}).size(), 1U);
  EXPECT_EQ(UpToSymmetry(program, {"1.r0=1 x=2 ", "2.r0=2 x=2 "}).size(), 2U);
  const Program other = Parsed("thread\n r0 = add x 1 rlx\nthread\n r0 = add x 2 rlx\n");
  EXPECT_EQ(UpToSymmetry(other, both).size(), 2U);
}

}  // namespace
}  // namespace heddle::explorer::oracle
