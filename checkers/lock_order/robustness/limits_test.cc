// SPDX-License-Identifier: Apache-2.0
// When there is no room for the graph, recording ends with one line and the program goes on as if
// nothing had happened.
//   limits_test PRELOAD PROGRAM
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "checkers/lock_order/robustness/harness.h"

namespace heddle::lock_order {
namespace {

std::string g_library;  // NOLINT
std::string g_program;  // NOLINT

constexpr const char* kPairs = "60000";

// One line of the recorder's.
testing::AssertionResult IsOneLine(const std::string& errors, const std::string& about) {
  if (std::count(errors.begin(), errors.end(), '\n') == 1 && errors.starts_with("heddle: ") &&
      errors.find(about) != std::string::npos) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "standard error is \"" << errors << '"';
}

// In a mount namespace of its own, with a file system of three megabytes at `directory`.
bool MountSmall(const std::string& directory) {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", directory.c_str(), "tmpfs", 0, "size=3m") == 0;
}

bool CanMount(const std::string& directory) {
  const pid_t child = fork();
  if (child == 0) _exit(MountSmall(directory) ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0;
}

class Limits : public testing::Test {
 protected:
  static Command Program(std::function<void()> before = [] {}) {
    return {.words = {g_program, kPairs}, .environment = {}, .before_exec = std::move(before)};
  }
  static void SetUpTestSuite() { bare_ = Complete(Program()); }

  void Run(const std::string& options, std::function<void()> before) {
    watched_ = Complete(recording_.Watched(Program(std::move(before)), options));
    EXPECT_EQ(watched_.status, bare_.status);
    EXPECT_EQ(WEXITSTATUS(watched_.status), 7);
    EXPECT_EQ(watched_.output, bare_.output);
  }

  // What was recorded until it stopped is there and right.
  void ExpectAPart() {
    const std::vector<Graph> graphs = recording_.Graphs();
    ASSERT_EQ(graphs.size(), 1U);
    EXPECT_EQ(graphs[0].info.stopped, 1U);
    EXPECT_EQ(graphs[0].info.exited, 1U);
    EXPECT_GT(graphs[0].visits.size(), 500U);
    EXPECT_LT(graphs[0].visits.size(), 100'000U);
    EXPECT_TRUE(Findings(graphs).empty());
  }

  static inline Outcome bare_;  // NOLINT
  const Recording recording_{g_library};
  Outcome watched_;
};

TEST_F(Limits, WithoutOneEverythingIsRecorded) {
  Run("", [] {});
  EXPECT_EQ(watched_.errors, "");
  const std::vector<Graph> graphs = recording_.Graphs();
  ASSERT_EQ(graphs.size(), 1U);
  EXPECT_GE(graphs[0].visits.size(), 2U * 59'999U);
}

TEST_F(Limits, AFullDisk) {
  if (!CanMount(recording_.directory())) GTEST_SKIP() << "needs the right to mount";
  // The mount is gone with the program: what it recorded goes into a pipe before.
  const std::string copy = recording_.directory() + ".copy";
  const std::string graph = recording_.graph();
  Command inside = recording_.Watched(Program());
  const Outcome outcome = [&] {
    Command shell = inside;
    // The program's status and output, then the graph's copy.
    shell.words = {"/bin/sh",
                   "-c",
                   "env LD_PRELOAD=\"$PRELOAD\" \"$0\" \"$1\"; s=$?; cp \"$2\" \"$3\"; exit $s",
                   g_program,
                   kPairs,
                   graph,
                   copy};
    std::erase_if(shell.environment,
                  [](const std::string& setting) { return setting.starts_with("LD_PRELOAD="); });
    shell.environment.push_back("PRELOAD=" + g_library);
    shell.before_exec = [this] {
      if (!MountSmall(recording_.directory())) _exit(126);
    };
    return Complete(shell);
  }();
  EXPECT_EQ(outcome.status, bare_.status);
  EXPECT_EQ(outcome.output, bare_.output);
  EXPECT_TRUE(IsOneLine(outcome.errors, "disk space"));
  std::filesystem::rename(copy, graph);
  ExpectAPart();
}

TEST_F(Limits, AFileSizeLimit) {
  Run("", [] {
    const rlimit limit{3 << 20, 3 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  EXPECT_TRUE(IsOneLine(watched_.errors, "disk space"));
  ExpectAPart();
}

TEST_F(Limits, AFileSizeLimitThatLeavesNothing) {
  Run("", [] {
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
  });
  EXPECT_TRUE(IsOneLine(watched_.errors, "no lock graph can be recorded"));
}

TEST_F(Limits, TheOptionOfTheRecorder) {
  Run("limit_mb=3", [] {});
  EXPECT_TRUE(IsOneLine(watched_.errors, "lock graph"));
  ExpectAPart();
  EXPECT_LE(std::filesystem::file_size(recording_.graph()), 3U << 20);
}

TEST_F(Limits, ADirectoryThatIsNotThere) {
  Run("graph=" + recording_.directory() + "/none/graph", [] {});
  EXPECT_TRUE(IsOneLine(watched_.errors, "no lock graph can be recorded"));
}

TEST_F(Limits, AFileInTheDirectorysPlace) {
  std::ofstream(recording_.graph()) << "not a graph";
  Run("graph=" + recording_.graph() + "/graph", [] {});
  EXPECT_TRUE(IsOneLine(watched_.errors, "no lock graph can be recorded"));
}

TEST_F(Limits, ALinkInTheGraphsPlaceIsNotFollowed) {
  const std::string target = recording_.directory() + "/target";
  std::ofstream(target) << "precious";
  std::filesystem::create_symlink(target, recording_.graph());
  Run("", [] {});
  std::string text;
  std::ifstream(target) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(Limits, NoDescriptors) {
  Run("", [] {
    // Those below the limit are taken when the recorder asks.
    const rlimit limit{64, 64};
    while (dup(0) >= 0 && dup(0) < 60) continue;
    setrlimit(RLIMIT_NOFILE, &limit);
  });
  EXPECT_LE(std::count(watched_.errors.begin(), watched_.errors.end(), '\n'), 1);
}

// Whatever the limit is, the recorder takes a small part of it.
TEST_F(Limits, AddressSpace) {
  for (const rlim_t megabytes : {96, 128, 256, 1024, 8192}) {
    const Recording recording(g_library);
    const Outcome watched = Complete(recording.Watched(Program([megabytes] {
      const rlimit limit{megabytes << 20, megabytes << 20};
      setrlimit(RLIMIT_AS, &limit);
    })));
    EXPECT_EQ(watched.status, bare_.status) << megabytes << " MB: " << watched.errors;
    EXPECT_EQ(watched.output, bare_.output) << megabytes << " MB";
    EXPECT_LE(std::count(watched.errors.begin(), watched.errors.end(), '\n'), 1) << watched.errors;
    (void)recording.Graphs();
  }
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: limits_test PRELOAD PROGRAM\n");
    return 2;
  }
  heddle::lock_order::g_library = std::filesystem::absolute(argv[1]).string();
  heddle::lock_order::g_program = std::filesystem::absolute(argv[2]).string();
  return RUN_ALL_TESTS();
}
