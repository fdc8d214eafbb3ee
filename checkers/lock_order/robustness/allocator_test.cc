// SPDX-License-Identifier: Apache-2.0
// Inside the lock calls of a program the recorder neither allocates from it nor takes its locks.
//   allocator_test PRELOAD PROGRAM PROGRAM_WITH_ALLOCATOR_AND_WRAPPERS ALLOCATOR
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "checkers/lock_order/robustness/harness.h"

namespace heddle::lock_order {
namespace {

std::string g_library;    // NOLINT
std::string g_program;    // NOLINT
std::string g_hostile;    // NOLINT
std::string g_allocator;  // NOLINT

void ExpectTheSame(const Command& bare, const Command& watched, const Recording& recording) {
  const Outcome alone = Complete(bare);
  const Outcome outcome = Complete(watched);
  EXPECT_EQ(alone.status, 0) << alone.errors;
  EXPECT_EQ(alone.output, "800\n");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, alone.output);
  EXPECT_EQ(outcome.errors, "");
  const std::vector<Graph> graphs = recording.Graphs();
  ASSERT_EQ(graphs.size(), 1U);
  EXPECT_EQ(FindingNames(graphs), std::vector<std::string>{});
  // Every account's mutex, and the allocator's, was taken under another lock.
  EXPECT_GT(graphs[0].visits.size(), 800U);
}

TEST(Allocator, OfTheProgramBehindLocksOfItsOwn) {
  const Recording recording(g_library);
  const Command command{.words = {g_hostile}};
  ExpectTheSame(command, recording.Watched(command), recording);
}

TEST(Allocator, PreloadedBeforeTheRecorder) {
  const Recording recording(g_library);
  Command bare{.words = {g_program}, .environment = {"LD_PRELOAD=" + g_allocator}};
  Command watched = recording.Watched({.words = {g_program}});
  watched.environment.push_back("LD_PRELOAD=" + g_allocator + ":" + g_library);
  ExpectTheSame(bare, watched, recording);
}

TEST(Allocator, PreloadedAfterTheRecorder) {
  const Recording recording(g_library);
  Command bare{.words = {g_program}, .environment = {"LD_PRELOAD=" + g_allocator}};
  Command watched = recording.Watched({.words = {g_program}});
  watched.environment.push_back("LD_PRELOAD=" + g_library + ":" + g_allocator);
  ExpectTheSame(bare, watched, recording);
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 5) {
    std::fprintf(stderr, "usage: allocator_test PRELOAD PROGRAM HOSTILE_PROGRAM ALLOCATOR\n");
    return 2;
  }
  const auto path = [argv](int i) { return std::filesystem::absolute(argv[i]).string(); };
  heddle::lock_order::g_library = path(1);
  heddle::lock_order::g_program = path(2);
  heddle::lock_order::g_hostile = path(3);
  heddle::lock_order::g_allocator = path(4);
  return RUN_ALL_TESTS();
}
