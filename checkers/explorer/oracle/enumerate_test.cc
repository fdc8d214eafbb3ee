// SPDX-License-Identifier: Apache-2.0
#include "checkers/explorer/oracle/enumerate.h"

#include <cstdint>
#include <string>

#include "checkers/explorer/oracle/interleave.h"
#include "checkers/explorer/oracle/litmus.h"
#include "checkers/explorer/oracle/program.h"
#include "checkers/explorer/oracle/random_program.h"
#include "gtest/gtest.h"

namespace heddle::explorer::oracle {
namespace {

Program Parsed(const std::string& text) {
  const auto program = Parse(text);
  EXPECT_TRUE(program.ok()) << program.status();
  return program.ok() ? *program : Program{};
}

TEST(ProgramTest, PrintsWhatParses) {
  RandomOptions options;
  options.weak = options.turns = options.choices = options.plain = true;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const Program program = RandomProgram(seed, options);
    const std::string text = Print(program);
    const Program again = Parsed(text);
    // Unused locations have no text.
    EXPECT_EQ(Print(again), text);
    EXPECT_EQ(CountOperations(again), CountOperations(program));
  }
}

TEST(ProgramTest, MeansWhatItSays) {
  const Program program = Parsed(
      "init x 3\n"
      "thread  # the first\n"
      "  lock m\n"
      "  repeat 2\n"
      "    r0 = nand x r1-2 sc until != 1\n"
      "  end\n"
      "  if r0 >= 1\n"
      "    store y r0+1 rel\n"
      "  else\n"
      "    fence ar\n"
      "  end\n"
      "  unlock m\n");
  EXPECT_EQ(Print(program),
            "init x 3\n"
            "thread\n"
            "  r7 = cas m 0 1 acq rlx until == 0\n"
            "  r0 = nand x r1-2 sc until != 1\n"
            "  r0 = nand x r1-2 sc until != 1\n"
            "  if r0 >= 1\n"
            "    store y r0+1 rel\n"
            "  else\n"
            "    fence ar\n"
            "  end\n"
            "  store m 0 rel\n");
}

TEST(ProgramTest, RefusesNonsense) {
  for (const char* text :
       {"store x 1 rlx\n", "thread\n store x 1\n", "thread\n store x 1 relaxed\n",
        "thread\n r9 = load x rlx\n", "thread\n r0 = load x rlx until < 1\n",
        "thread\n if r0 == 1\n", "thread\n r0 = inc x 1 rlx\n", "thread\n create 1\n",
        "main\n join 1\nthread\n", "main\n create 2\nthread\n",
        "main\n create 1\n create 1\nthread\n", "thread\n end\n", "thread\n r0 = choose 0\n",
        "thread\n store x 1 rlx rel\n"}) {
    EXPECT_FALSE(Parse(text).ok()) << text;
  }
}

TEST(EnumerateTest, LitmusProgramsHaveTheirCounts) {
  for (const Litmus& litmus : AllLitmus()) {
    if (!litmus.small) continue;
    SCOPED_TRACE(litmus.name);
    const Program program = Parsed(litmus.text);
    const Explored rc11 = Enumerate(program, {});
    EXPECT_EQ(rc11.graphs.size(), litmus.rc11);
    EXPECT_FALSE(rc11.hangs);
    EXPECT_FALSE(rc11.cut);
    EXPECT_EQ(Enumerate(program, {.model = Model::kSc}).graphs.size(), litmus.sc);
    EXPECT_EQ(Interleave(program).size(), litmus.sc);
    EXPECT_EQ(Enumerate(program, {.release_sequence_cxx11 = true}).graphs.size(), litmus.cxx11);
  }
}

TEST(EnumerateTest, SequentialConsistencyIsInterleaving) {
  RandomOptions options;
  options.max_threads = 3;
  options.max_operations = 6;
  options.choices = true;
  options.main = false;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Program program = RandomProgram(seed, options);
    const Explored explored = Enumerate(program, {.model = Model::kSc});
    EXPECT_EQ(explored.graphs, Interleave(program)) << Print(program);
  }
}

TEST(EnumerateTest, StrongerModelsHaveFewerGraphs) {
  const RandomOptions options;
  int fewer = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Program program = RandomProgram(seed, options);
    const Explored rc11 = Enumerate(program, {}, 5000);
    if (rc11.cut) continue;
    const Explored sc = Enumerate(program, {.model = Model::kSc});
    for (const std::string& graph : sc.graphs) {
      EXPECT_TRUE(rc11.graphs.contains(graph)) << Print(program) << graph;
    }
    fewer += sc.graphs.size() < rc11.graphs.size() ? 1 : 0;
  }
  EXPECT_GT(fewer, 5);
}

TEST(EnumerateTest, CreationAndJoinOrderEvents) {
  const Explored created = Enumerate(Parsed("main\n store x 1 rlx\n create 1\n join 1\n"
                                            " r0 = load y rlx\n"
                                            "thread\n r0 = load x rlx\n store y 1 rlx\n"),
                                     {});
  EXPECT_EQ(created.graphs.size(), 1U);
  // What main does in between is not ordered with the thread.
  const Explored between = Enumerate(Parsed("main\n create 1\n store x 1 rlx\n join 1\n"
                                            "thread\n r0 = load x rlx\n"),
                                     {});
  EXPECT_EQ(between.graphs.size(), 2U);
}

TEST(EnumerateTest, TakesTwoReadsForOneStep) {
  const std::string increment =
      "thread\n r0 = load x rlx\n r1 = cas x r0 r0+1 rlx rlx until == r0 same\n";
  const Explored increments = Enumerate(Parsed(increment + increment + increment), {});
  EXPECT_EQ(increments.graphs.size(), 6U);
  EXPECT_FALSE(increments.hangs);
  // The value comes back, by another write.
  const std::string back = "thread\n store x 1 rlx\n store x 0 rlx\n";
  EXPECT_EQ(Enumerate(Parsed(increment + back), {}).graphs.size(), 3U);
}

TEST(EnumerateTest, FindsWhoWaitsForEver) {
  const auto hangs = [](const std::string& text) { return Enumerate(Parsed(text), {}).hangs; };
  EXPECT_TRUE(hangs("thread\n r0 = load x rlx until == 1\n"));
  EXPECT_FALSE(hangs("thread\n r0 = load x rlx until == 1\nthread\n store x 1 rlx\n"));
  // The value comes and goes.
  EXPECT_TRUE(
      hangs("thread\n r0 = load x rlx until == 1\nthread\n store x 1 rlx\n store x 2 rlx\n"));
  EXPECT_TRUE(hangs("main\n create 1\n join 1\nthread\n lock m\n lock m\n"));
  // ABBA.
  EXPECT_TRUE(
      hangs("thread\n lock a\n lock b\n unlock b\n unlock a\n"
            "thread\n lock b\n lock a\n unlock a\n unlock b\n"));
  EXPECT_FALSE(
      hangs("thread\n lock a\n lock b\n unlock b\n unlock a\n"
            "thread\n lock a\n lock b\n unlock b\n unlock a\n"));
  // A loop of two reads goes round for ever, unless the store makes an end of it.
  const std::string loop = "thread\n turn\n r0 = load x rlx\n r1 = load y rlx\n spin r1 == 1\n";
  EXPECT_TRUE(hangs(loop));
  EXPECT_FALSE(hangs(loop + "thread\n store y 1 rlx\n"));
  const std::string waits =
      "thread\n turn\n r0 = load x rlx\n r1 = load y rlx until == r0+1 again\n";
  EXPECT_TRUE(hangs(waits));
  EXPECT_FALSE(hangs(waits + "thread\n store y 1 rlx\n"));
  EXPECT_TRUE(hangs(waits + "thread\n store y 2 rlx\n"));
  // Each turn writes what it has found, for ever. Somebody else writes in between once: a turn that
  // finds that changes it, and is none that goes round.
  const std::string takes = "thread\n turn\n r0 = xchg x 1 rlx\n spin r0 == 0\n";
  EXPECT_TRUE(hangs("init x 1\n" + takes));
  EXPECT_TRUE(hangs("init x 1\n" + takes + takes));
  EXPECT_TRUE(hangs("init x 1\n" + takes + "thread\n store x 1 rlx\n"));
  const std::string other = "thread\n store x 2 rlx\n";
  EXPECT_FALSE(hangs(takes + other + other));
  // An assumption that fails is the end of an execution, not a hang.
  EXPECT_FALSE(
      hangs("thread\n r0 = load x rlx\n assume r0 == 1\n store y 1 rlx\n"
            "thread\n r0 = load y rlx until == 1\n"));
}

}  // namespace
}  // namespace heddle::explorer::oracle
