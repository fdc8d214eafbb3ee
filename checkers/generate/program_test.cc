// SPDX-License-Identifier: Apache-2.0
#include "checkers/generate/program.h"

#include <array>
#include <string>
#include <string_view>

#include "checkers/generate/description.h"
#include "gtest/gtest.h"

namespace heddle::generate {
namespace {

constexpr auto kQueue = std::to_array<Action>({
    {.name = "push", .function = 0, .arguments = {kItem}},
    {.name = "pop", .function = 1},
});

constexpr auto kMap = std::to_array<Action>({
    {.name = "put", .function = 4, .arguments = {KeyAmong(0, 1), Among(5, 7)}},
    {.name = "cas", .function = 5, .arguments = {KeyAmong(0, 1), ExpectedAmong(5, 7), Among(5, 7)}},
});

constexpr auto kSemaphore = std::to_array<Action>({
    {.name = "acquire", .gives = -1, .blocks = true},
    {.name = "try_acquire", .gives = -1},
    {.name = "release", .gives = 1},
});

constexpr auto kRing = std::to_array<Action>({
    {.name = "push", .arguments = {kItem}, .role = 1},
    {.name = "pop", .role = 2},
});

constexpr auto kBarrier = std::to_array<Action>({
    {.name = "arrive", .meets = 2},
    {.name = "look"},
});

template <std::size_t N>
std::string Problem(std::string_view text, const std::array<Action, N>& actions) {
  Program program;
  return ReadProgram(text, actions, program);
}

TEST(ProgramTest, IsItsText) {
  for (const std::string text :
       {"push(1)", "push(1) | push(2), pop | pop", "initial: push(1), pop | pop | pop | final: pop",
        "pop | final: pop, pop", "initial: push(9) | pop"}) {
    Program program;
    ASSERT_EQ(ReadProgram(text, kQueue, program), "") << text;
    EXPECT_EQ(FormatProgram(program, kQueue), text);
  }
}

TEST(ProgramTest, HasItsParts) {
  constexpr Program kProgram = [] {
    Program program;
    ParseProgram("initial:push( 1 ),pop|pop|push(2) |final: pop", kQueue, program);
    return program;
  }();
  static_assert(kProgram.beginning.size == 2);
  static_assert(kProgram.thread_count == 2);
  static_assert(kProgram.end.size == 1);
  static_assert(kProgram.calls() == 5);
  static_assert(OperationOf(kProgram.threads[1].calls[0], kQueue).argument == 2);
}

TEST(ProgramTest, ArgumentsAreFieldsOfTheOperation) {
  Program program;
  ASSERT_EQ(ReadProgram("cas(1, 5, 7)", kMap, program), "");
  const linearizability::Operation op = OperationOf(program.threads[0].calls[0], kMap);
  EXPECT_EQ(op.function, 5);
  EXPECT_EQ(op.key, 1);
  EXPECT_EQ(op.expected, 5);
  EXPECT_EQ(op.argument, 7);
}

TEST(ProgramTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(Problem("", kQueue), "column 1: want the name of an operation here");
  EXPECT_EQ(Problem("push(1) | pusch(2)", kQueue),
            "column 11: no such operation; there are push, pop");
  EXPECT_EQ(Problem("push", kQueue), "column 5: too few arguments");
  EXPECT_EQ(Problem("push(1, 2)", kQueue), "column 9: too many arguments");
  EXPECT_EQ(Problem("pop(1)", kQueue), "column 5: too many arguments");
  EXPECT_EQ(Problem("push(x)", kQueue), "column 6: want a number here");
  EXPECT_EQ(Problem("push(1", kQueue), "column 7: want ')' here");
  EXPECT_EQ(Problem("push(-1)", kQueue), "column 6: want a number here");
  EXPECT_EQ(Problem("push(1000)", kQueue), "column 6: this operation does not take that value");
  EXPECT_EQ(Problem("push(99999999999999999999)", kQueue),
            "column 6: this operation does not take that value");
  EXPECT_EQ(Problem("put(2, 5)", kMap), "column 5: this operation does not take that value");
  EXPECT_EQ(Problem("pop pop", kQueue), "column 5: want ',' or '|' here");
  EXPECT_EQ(Problem("pop,", kQueue), "column 5: want the name of an operation here");
  EXPECT_EQ(Problem("pop | | pop", kQueue), "column 7: want the name of an operation here");
  EXPECT_EQ(Problem("first: pop", kQueue), "column 1: unknown label: want 'initial:' or 'final:'");
  EXPECT_EQ(Problem("pop | initial: pop", kQueue), "column 7: 'initial:' comes first");
  EXPECT_EQ(Problem("final: pop | pop", kQueue), "column 14: 'final:' comes last");
  EXPECT_EQ(Problem("initial: pop", kQueue), "column 1: no thread does anything");
  EXPECT_EQ(Problem("pop | pop | pop | pop | pop", kQueue), "column 25: more than 4 threads");
  EXPECT_EQ(Problem("pop,pop,pop,pop,pop,pop,pop", kQueue),
            "column 25: more than 6 calls in one part");
}

TEST(ProgramTest, RolesAreOfOneThread) {
  EXPECT_EQ(Problem("push(1) | pop | final: pop, push(2)", kRing), "");
  EXPECT_EQ(Problem("push(1), pop", kRing), "");
  EXPECT_EQ(Problem("push(1) | pop | pop", kRing),
            "column 1: two threads make calls that one thread must make");
}

TEST(ProgramTest, NobodyWaitsForWhatIsNotGiven) {
  constexpr std::string_view kWaits = "column 1: a call can wait for what nobody is sure to give";
  EXPECT_EQ(Problem("acquire | release", kSemaphore), "");
  EXPECT_EQ(Problem("initial: release | acquire", kSemaphore), "");
  EXPECT_EQ(Problem("acquire | acquire | release", kSemaphore), kWaits);
  // Each could wait for the other.
  EXPECT_EQ(Problem("acquire, release | acquire, release", kSemaphore), kWaits);
  // The other may take it.
  EXPECT_EQ(Problem("acquire | try_acquire | release", kSemaphore), kWaits);
  EXPECT_EQ(Problem("try_acquire | try_acquire", kSemaphore), "");
  // What is given later helps nobody who waits.
  EXPECT_EQ(Problem("acquire | final: release", kSemaphore), kWaits);
  EXPECT_EQ(Problem("initial: acquire | release", kSemaphore), kWaits);
  EXPECT_EQ(Problem("initial: acquire, release | release", kSemaphore), kWaits);
  EXPECT_EQ(Problem("initial: release, acquire | try_acquire", kSemaphore), "");
  EXPECT_EQ(Problem("acquire, release | release | final: acquire", kSemaphore), "");
  EXPECT_EQ(Problem("release | final: acquire, acquire", kSemaphore), kWaits);
}

TEST(ProgramTest, WhoComesToAMeetingMeetsTheOthers) {
  constexpr std::string_view kAlone = "column 1: a call would wait for threads that do not come";
  EXPECT_EQ(Problem("arrive | arrive", kBarrier), "");
  EXPECT_EQ(Problem("look | arrive, look, arrive | arrive, arrive", kBarrier), "");
  EXPECT_EQ(Problem("look | final: look", kBarrier), "");
  EXPECT_EQ(Problem("arrive | look", kBarrier), kAlone);
  EXPECT_EQ(Problem("arrive, arrive | arrive", kBarrier), kAlone);
  EXPECT_EQ(Problem("arrive | arrive | arrive", kBarrier), kAlone);
  EXPECT_EQ(Problem("initial: arrive | look", kBarrier), kAlone);
  EXPECT_EQ(Problem("look | final: arrive", kBarrier), kAlone);
}

TEST(DescriptionTest, IsItsJson) {
  const auto read =
      DescriptionFromJson(DescriptionToJson("queue/ring", "bug", "RingSubject", "m.cc", kRing));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->name, "queue/ring");
  EXPECT_EQ(read->mutant, "bug");
  EXPECT_EQ(read->type, "RingSubject");
  EXPECT_EQ(read->model, "m.cc");
  ASSERT_EQ(read->actions.size(), 2U);
  EXPECT_EQ(read->actions[0].name, "push");
  EXPECT_EQ(read->actions[0].arguments, kRing[0].arguments);
  EXPECT_EQ(read->actions[1].role, 2);
  const auto meeting =
      DescriptionFromJson(DescriptionToJson("barrier/it", "", "Barrier", "m.cc", kBarrier));
  ASSERT_TRUE(meeting.has_value());
  EXPECT_EQ(meeting->actions[0].meets, 2);
  EXPECT_EQ(meeting->actions[1].meets, 0);
  EXPECT_FALSE(DescriptionFromJson("{}").has_value());
  EXPECT_FALSE(DescriptionFromJson("{\"subject\": 1").has_value());
}

}  // namespace
}  // namespace heddle::generate
