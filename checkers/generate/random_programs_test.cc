// SPDX-License-Identifier: Apache-2.0
#include "checkers/generate/random_programs.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkers/generate/description.h"
#include "checkers/generate/program.h"
#include "gtest/gtest.h"

namespace heddle::generate {
namespace {

constexpr auto kQueue = std::to_array<Action>({
    {.name = "push", .arguments = {kItem}},
    {.name = "pop"},
});
constexpr auto kSet = std::to_array<Action>({
    {.name = "add", .arguments = {Among(1, 9)}},
    {.name = "remove", .arguments = {Among(1, 9)}},
});
constexpr auto kRing = std::to_array<Action>({
    {.name = "push", .arguments = {kItem}, .role = 1},
    {.name = "pop", .role = 2},
});
constexpr auto kBarrier = std::to_array<Action>({{.name = "arrive", .meets = 2}, {.name = "look"}});
constexpr auto kSemaphore = std::to_array<Action>({
    {.name = "acquire", .gives = -1, .blocks = true},
    {.name = "release", .gives = 1},
});

TEST(RandomProgramsTest, AreTheSameForTheSameSeedAndDifferentFromEachOther) {
  const std::vector<Program> programs = RandomPrograms(kQueue, {}, 300, 7);
  ASSERT_EQ(programs.size(), 300U);
  EXPECT_EQ(programs, RandomPrograms(kQueue, {}, 300, 7));
  EXPECT_NE(programs, RandomPrograms(kQueue, {}, 300, 8));
  std::set<std::string> texts;
  for (const Program& program : programs) texts.insert(FormatProgram(program, kQueue));
  EXPECT_EQ(texts.size(), 300U);
  EXPECT_TRUE(
      std::is_sorted(programs.begin(), programs.end(),
                     [](const Program& a, const Program& b) { return a.calls() < b.calls(); }));
}

TEST(RandomProgramsTest, KeepToTheLimits) {
  for (const std::span<const Action> actions :
       {std::span<const Action>(kQueue), std::span<const Action>(kSet),
        std::span<const Action>(kRing), std::span<const Action>(kSemaphore),
        std::span<const Action>(kBarrier)}) {
    std::set<int> threads;
    for (const Program& program :
         RandomPrograms(actions, {.threads = 3, .operations = 2, .values = 2}, 200, 1)) {
      const std::string text = FormatProgram(program, actions);
      Program again;
      EXPECT_EQ(ReadProgram(text, actions, again), "") << text;
      EXPECT_EQ(again, program) << text;
      threads.insert(program.thread_count);
      EXPECT_LE(program.beginning.size, 2);
      EXPECT_LE(program.end.size, 2);
      for (const Part& part : program.running()) EXPECT_LE(part.size, 2);
      EXPECT_EQ(text.find("add(3)"), std::string::npos) << text;
    }
    EXPECT_TRUE(threads.contains(2));
    EXPECT_EQ(threads.contains(3), actions.data() != kRing.data());
  }
}

TEST(RandomProgramsTest, EndWhereThereAreNoMore) {
  constexpr auto kOne = std::to_array<Action>({{.name = "pop"}});
  // Two threads with one call each, and one or none before and after.
  EXPECT_EQ(RandomPrograms(kOne, {.threads = 2, .operations = 1, .values = 1}, 50, 1).size(), 4U);
}

// Shrinks as a tool does, to what still holds.
template <std::size_t N, class Holds>
std::string Shrunk(std::string_view text, const std::array<Action, N>& actions, Holds holds) {
  Program program;
  EXPECT_EQ(ReadProgram(text, actions, program), "");
  program = Canonical(program, actions);
  for (int steps = 0; steps < 1000; ++steps) {
    const std::vector<Program> smaller = SmallerPrograms(program, actions);
    const auto next = std::find_if(smaller.begin(), smaller.end(), holds);
    if (next == smaller.end()) return FormatProgram(program, actions);
    program = *next;
  }
  return "no end";
}

int Calls(const Program& program, int action) {
  int count = 0;
  for (const Part& part : program.running()) {
    for (const Call& call : part.all()) count += call.action == action ? 1 : 0;
  }
  return count;
}

TEST(SmallerProgramsTest, EndAtTheSmallestThatStillHolds) {
  constexpr std::string_view kLarge =
      "initial: push(5), pop | push(1), push(2), pop | pop, pop | push(3) | final: pop, push(4)";
  EXPECT_EQ(Shrunk(kLarge, kQueue, [](const Program&) { return true; }), "pop");
  EXPECT_EQ(Shrunk(kLarge, kQueue,
                   [](const Program& program) {
                     return program.thread_count >= 2 && Calls(program, 0) >= 1 &&
                            Calls(program, 1) >= 2;
                   }),
            "push(1) | pop, pop");
  EXPECT_EQ(Shrunk(kLarge, kQueue, [](const Program& program) { return program.calls() >= 4; }),
            "initial: push(1), pop, pop | pop");
  EXPECT_EQ(Shrunk(kLarge, kQueue, [](const Program& program) { return program.end.size == 2; }),
            "pop | final: pop, push(1)");
}

TEST(SmallerProgramsTest, LowerValues) {
  EXPECT_EQ(Shrunk("add(9) | remove(9), add(3)", kSet,
                   [](const Program& program) {
                     return program.thread_count == 2 && program.threads[0].calls[0].values[0] > 1;
                   }),
            "add(2) | remove(1)");
  // Where they have to agree, and where their order matters.
  EXPECT_EQ(Shrunk("initial: add(7) | remove(7) | remove(7)", kSet,
                   [](const Program& program) {
                     return program.thread_count == 2 && program.beginning.size == 1 &&
                            program.beginning.calls[0].values ==
                                program.threads[0].calls[0].values &&
                            program.threads[0] == program.threads[1];
                   }),
            "initial: add(1) | remove(1) | remove(1)");
  EXPECT_EQ(Shrunk("add(5), add(5) | add(8)", kSet,
                   [](const Program& program) {
                     const Part& first = program.threads[0];
                     return program.thread_count == 2 && first.size == 2 &&
                            first.calls[0].values == first.calls[1].values &&
                            first.calls[0].values < program.threads[1].calls[0].values;
                   }),
            "add(1), add(1) | add(2)");
}

TEST(SmallerProgramsTest, HaveFewerThreads) {
  EXPECT_EQ(Shrunk("push(1) | push(2) | pop", kQueue,
                   [](const Program& program) {
                     return program.thread_count >= 2 && Calls(program, 0) >= 2 &&
                            Calls(program, 1) >= 1;
                   }),
            "push(1), push(2) | pop");
}

TEST(SmallerProgramsTest, HaveFewerMeetings) {
  EXPECT_EQ(Shrunk("arrive, look, arrive | arrive, arrive, look | look", kBarrier,
                   [](const Program& program) { return Calls(program, 0) >= 1; }),
            "arrive | arrive");
}

TEST(SmallerProgramsTest, CanBeRun) {
  for (const std::span<const Action> actions :
       {std::span<const Action>(kSemaphore), std::span<const Action>(kBarrier)}) {
    for (const Program& program : RandomPrograms(actions, {}, 100, 3)) {
      for (const Program& smaller : SmallerPrograms(program, actions)) {
        EXPECT_EQ(WhyNot(smaller, actions), nullptr);
        EXPECT_NE(smaller, program);
      }
    }
  }
}

}  // namespace
}  // namespace heddle::generate
