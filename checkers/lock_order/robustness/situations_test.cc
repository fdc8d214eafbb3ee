// SPDX-License-Identifier: Apache-2.0
// Each situation is run bare and under the recorder: same output, same status, nothing on standard
// error, and what is found is what is there.
//   situations_test PRELOAD PROGRAM LINKED_PROGRAM EARLY_LIBRARY STATIC_PROGRAM
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "checkers/lock_order/robustness/harness.h"

namespace heddle::lock_order {
namespace {

std::string g_library;  // NOLINT
std::string g_program;  // NOLINT
std::string g_linked;   // NOLINT
std::string g_early;    // NOLINT
std::string g_static;   // NOLINT

// Distinct pairs of locks, one acquired under the other, in all processes.
std::size_t Dependencies(const std::vector<Graph>& graphs) {
  std::size_t count = 0;
  for (const Graph& graph : graphs) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (const Visit& visit : graph.visits) {
      const Chain& chain = graph.chains[visit.chain];
      if (chain.parent != 0) pairs.emplace(graph.chains[chain.parent].node, chain.node);
    }
    count += pairs.size();
  }
  return count;
}

// The processors' time of all children that are over.
double ChildrenSeconds() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Expected {
  const char* situation;
  std::vector<std::string> findings = {};
  std::size_t least_dependencies = 1;
  std::size_t processes = 1;  // that take locks
  bool ends_busy = false;     // other threads have locks when the process ends
};
void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.situation; }

class Situation : public testing::TestWithParam<std::tuple<bool, Expected>> {
 protected:
  static Command Observed(const Recording& recording, const char* situation) {
    const bool linked = std::get<0>(GetParam());
    return linked ? recording.Linked({.words = {g_linked, situation}})
                  : recording.Watched({.words = {g_program, situation}});
  }
};

TEST_P(Situation, IsAsItWouldBeAlone) {
  const Expected& expected = std::get<1>(GetParam());
  const Outcome bare = Complete({.words = {g_program, expected.situation}});
  const Recording recording(g_library);
  const double before = ChildrenSeconds();
  const Outcome watched = Complete(Observed(recording, expected.situation));
  EXPECT_LT(ChildrenSeconds() - before, 20);
  EXPECT_EQ(watched.status, bare.status);
  EXPECT_EQ(watched.output, bare.output);
  EXPECT_EQ(watched.errors, bare.errors);

  const std::vector<Graph> graphs = recording.Graphs();
  EXPECT_EQ(graphs.size(), expected.processes);
  EXPECT_EQ(FindingNames(graphs), expected.findings);
  EXPECT_GE(Dependencies(graphs), expected.least_dependencies);
  for (const Graph& graph : graphs) EXPECT_EQ(graph.info.stopped, 0U);
}

// A thread that has given everything back holds nothing.
TEST_P(Situation, LeavesNothingHeld) {
  const Expected& expected = std::get<1>(GetParam());
  if (!expected.findings.empty() || expected.ends_busy) return;
  const Recording recording(g_library);
  (void)Complete(Observed(recording, expected.situation));
  for (const Graph& graph : recording.Graphs()) {
    if (graph.info.exited == 0) continue;
    for (std::size_t i = 1; i < graph.threads.size(); ++i) {
      EXPECT_EQ(graph.threads[i].depth, 0U) << "thread " << i;
    }
  }
}

const Expected kSituations[] = {
    // Threads.
    {.situation = "thousand_threads", .least_dependencies = 1000},
    {.situation = "ten_thousand_threads"},
    {.situation = "hundred_thousand_held", .least_dependencies = 99'999},
    {.situation = "hundred_thousand_held_first_first", .least_dependencies = 99'999},
    {.situation = "held_at_random", .least_dependencies = 300},
    {.situation = "deep_recursion", .least_dependencies = 2},
    {.situation = "deep_stack", .least_dependencies = 9'999},
    {.situation = "exit_holding", .findings = {"exit holding"}, .least_dependencies = 0},
    {.situation = "thread_exit_locks"},
    {.situation = "signal_storm", .least_dependencies = 5},
    {.situation = "handler_waits", .least_dependencies = 3},
    {.situation = "signals_with_values"},
    {.situation = "handlers_change", .least_dependencies = 0},
    // Unwinding.
    {.situation = "longjmp_leaves", .least_dependencies = 3},
    {.situation = "siglongjmp_leaves", .least_dependencies = 2},
    {.situation = "exceptions_leave", .least_dependencies = 5},
    {.situation = "once_throws", .least_dependencies = 2},
    {.situation = "cancelled_waiting", .findings = {"wait holding"}, .least_dependencies = 1},
    {.situation = "cancelled_at_a_semaphore", .least_dependencies = 0},
    {.situation = "cancelled_computing"},
    // Processes.
    {.situation = "nests"},
    {.situation = "fork_among_threads", .least_dependencies = 60, .processes = 31},
    {.situation = "fork_handlers", .least_dependencies = 21, .processes = 21},
    {.situation = "fork_with_file_locks", .least_dependencies = 5, .processes = 2},
    {.situation = "fork_storm", .least_dependencies = 40, .processes = 41},
    {.situation = "spawned", .least_dependencies = 4, .processes = 3},
    {.situation = "vforked", .least_dependencies = 11, .processes = 6},
    {.situation = "executed", .least_dependencies = 2, .processes = 2},
    {.situation = "shelled", .least_dependencies = 2, .processes = 2},
    {.situation = "daemonized", .least_dependencies = 4, .processes = 2},
    // The loader.
    {.situation = "early_and_late", .least_dependencies = 2},
    {.situation = "exits_among_threads", .least_dependencies = 500, .ends_busy = true},
    {.situation = "loads_and_unloads", .least_dependencies = 2},
    {.situation = "loads_meanwhile", .least_dependencies = 100},
};

INSTANTIATE_TEST_SUITE_P(All, Situation,
                         testing::Combine(testing::Bool(), testing::ValuesIn(kSituations)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) ? "linked_" : "preloaded_") +
                                  std::get<1>(info.param).situation;
                         });

// A library whose constructor runs before the recorder's own, or after it.
TEST(Early, ALibraryThatIsLoadedBesides) {
  const Recording recording(g_library);
  for (const std::string& order : {g_library + ":" + g_early, g_early + ":" + g_library}) {
    Command command{.words = {g_program, "nests"}};
    command.environment.push_back("LD_PRELOAD=" + g_early);
    const Outcome bare = Complete(command);
    EXPECT_NE(bare.output.find("early"), std::string::npos);
    Command watched = recording.Watched({.words = {g_program, "nests"}});
    watched.environment.push_back("LD_PRELOAD=" + order);
    const Outcome outcome = Complete(watched);
    EXPECT_EQ(outcome.status, bare.status);
    EXPECT_EQ(outcome.output, bare.output);
    EXPECT_EQ(outcome.errors, "");
  }
  const std::vector<Graph> graphs = recording.Graphs();
  ASSERT_EQ(graphs.size(), 2U);
  // The library's thread is over when main begins.
  EXPECT_EQ(FindingNames(graphs), std::vector<std::string>{});
  EXPECT_GE(Dependencies(graphs), 6U);
}

// There is nothing to preload into, and nothing goes wrong.
TEST(Outside, AStaticProgram) {
  const Recording recording(g_library);
  const Outcome bare = Complete({.words = {g_static}});
  const Outcome watched = Complete(recording.Watched({.words = {g_static}}));
  EXPECT_EQ(bare.status, 0);
  EXPECT_EQ(watched.status, bare.status);
  EXPECT_EQ(watched.output, bare.output);
  EXPECT_EQ(watched.errors, bare.errors);
  EXPECT_TRUE(recording.Graphs().empty());
}

// A program with more rights than its caller takes no file name from the caller's environment.
TEST(Outside, ASetuidProgram) {
  constexpr uid_t kOwner = 65534;
  constexpr uid_t kCaller = 65533;
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const Recording recording(g_library);
  ASSERT_EQ(chmod(recording.directory().c_str(), 0777), 0);
  const Recording elsewhere(g_library);
  ASSERT_EQ(chmod(elsewhere.directory().c_str(), 0755), 0);
  const std::string copy = elsewhere.directory() + "/program";
  std::filesystem::copy_file(g_linked, copy);
  Command command{.words = {copy, "nests"}};
  command.before_exec = [] {
    if (setgid(kCaller) != 0 || setuid(kCaller) != 0) _exit(126);
  };
  ASSERT_EQ(chmod(copy.c_str(), 0755), 0);
  const Outcome ordinary = Complete(recording.Linked(command));
  ASSERT_EQ(WEXITSTATUS(ordinary.status), 5) << ordinary.errors;
  ASSERT_EQ(recording.Graphs().size(), 1U);
  std::filesystem::remove(recording.graph());

  ASSERT_EQ(chown(copy.c_str(), kOwner, kOwner), 0);
  ASSERT_EQ(chmod(copy.c_str(), 04755), 0);
  struct statvfs mounted{};
  ASSERT_EQ(statvfs(copy.c_str(), &mounted), 0);
  if ((mounted.f_flag & ST_NOSUID) != 0) GTEST_SKIP() << "setuid has no effect here";
  const Outcome outcome = Complete(recording.Linked(command));
  EXPECT_EQ(outcome.status, ordinary.status);
  EXPECT_EQ(outcome.output, ordinary.output);
  EXPECT_EQ(outcome.errors, "");
  EXPECT_TRUE(recording.Graphs().empty());
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: situations_test PRELOAD PROGRAM LINKED_PROGRAM EARLY_LIBRARY "
                 "STATIC_PROGRAM\n");
    return 2;
  }
  const auto path = [argv](int i) { return std::filesystem::absolute(argv[i]).string(); };
  heddle::lock_order::g_library = path(1);
  heddle::lock_order::g_program = path(2);
  heddle::lock_order::g_linked = path(3);
  heddle::lock_order::g_early = path(4);
  heddle::lock_order::g_static = path(5);
  return RUN_ALL_TESTS();
}
