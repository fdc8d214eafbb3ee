// SPDX-License-Identifier: Apache-2.0
// A program that is killed at any moment leaves a sound graph of everything that it had done.
//   crash_test PRELOAD PROGRAM [--kills=N] [--seed=N]
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "checkers/lock_order/robustness/harness.h"

namespace heddle::lock_order {
namespace {

std::string g_library;            // NOLINT
std::string g_program;            // NOLINT
std::uint32_t g_kills = 200;      // NOLINT
std::uint32_t g_seed = 20261122;  // NOLINT

// Of dependencies that are waited for.
constexpr std::uint32_t kMostBefore = 8'000;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr std::chrono::steady_clock::duration kLongest = std::chrono::hours(1);

struct Pair {
  std::uint64_t held;
  std::uint64_t acquired;
  auto operator<=>(const Pair&) const = default;
};

using Clock = std::chrono::steady_clock;

// Reads what there is, until there is so much, up to `until`, or to the end.
void Drain(int fd, Clock::time_point until, std::size_t enough, std::string& bytes) {
  while (bytes.size() < enough) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(std::min(until - Clock::now(), kLongest));
    if (left.count() <= 0) return;
    pollfd polled{fd, POLLIN, 0};
    if (poll(&polled, 1, static_cast<int>(left.count())) <= 0) continue;
    char buffer[4096];
    const ssize_t size = read(fd, buffer, sizeof buffer);
    if (size <= 0) return;
    bytes.append(buffer, static_cast<std::size_t>(size));
  }
}

std::vector<Pair> PairsIn(const std::string& bytes) {
  std::vector<Pair> pairs(bytes.size() / sizeof(Pair));
  std::memcpy(pairs.data(), bytes.data(), pairs.size() * sizeof(Pair));
  return pairs;
}

std::set<Pair> DependenciesOf(const Graph& graph) {
  std::set<Pair> found;
  for (const Visit& visit : graph.visits) {
    const Chain& chain = graph.chains[visit.chain];
    const Chain& parent = graph.chains[chain.parent];
    found.insert({graph.nodes[parent.node].address, graph.nodes[chain.node].address});
  }
  return found;
}

TEST(Crash, NothingThatHappenedIsLost) {
  std::mt19937 random(g_seed);
  std::uint64_t told = 0;
  std::uint32_t before_anything = 0;
  for (std::uint32_t i = 0; i < g_kills; ++i) {
    const Recording recording(g_library);
    // Now and then during its start, else a little after so many dependencies, however long they
    // take; the file grows all the time.
    const bool starting = i % 4 == 3;
    const std::size_t pairs_before = starting ? 0 : random() % kMostBefore;
    const std::chrono::microseconds delay(random() % (starting ? 4'000 : 500));
    int output = -1;
    const pid_t child = Start(recording.Watched({.words = {g_program}}), &output);
    std::string bytes;
    Drain(output, Clock::time_point::max(), pairs_before * sizeof(Pair), bytes);
    Drain(output, Clock::now() + delay, kAll, bytes);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with status " << WEXITSTATUS(status);
    Drain(output, Clock::time_point::max(), kAll, bytes);
    close(output);

    const std::vector<Pair> pairs = PairsIn(bytes);
    const std::vector<Graph> graphs = recording.Graphs();
    if (pairs.empty()) ++before_anything;
    told += pairs.size();
    ASSERT_LE(graphs.size(), 1U);
    ASSERT_TRUE(!graphs.empty() || pairs.empty());
    if (graphs.empty()) continue;
    const std::set<Pair> recorded = DependenciesOf(graphs[0]);
    for (const Pair& pair : pairs) {
      ASSERT_TRUE(recorded.contains(pair))
          << "kill " << i << ", seed " << g_seed << ": " << std::hex << pair.held << " -> "
          << pair.acquired << " is missing among " << std::dec << recorded.size();
    }
    ASSERT_TRUE(Findings(graphs).empty()) << "it takes locks in one order";
  }
  std::printf("%u kills, %u of them before the first dependency; %lu dependencies told\n", g_kills,
              before_anything, told);
  EXPECT_GT(told, std::uint64_t{g_kills} * kMostBefore / 10) << "it was killed too early";
}

// "--kills=10" with "--kills=": 10.
bool Number(const std::string& argument, const std::string& flag, std::uint32_t& number) {
  if (!argument.starts_with(flag)) return false;
  const char* const end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data() + flag.size(), end, number);
  return rest == end && error == std::errc();
}

int Main(int argc, char** argv) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (Number(argument, "--kills=", g_kills) || Number(argument, "--seed=", g_seed)) continue;
    files.push_back(std::filesystem::absolute(argument).string());
  }
  if (files.size() != 2) {
    std::fprintf(stderr, "usage: crash_test PRELOAD PROGRAM [--kills=N] [--seed=N]\n");
    return 2;
  }
  g_library = files[0];
  g_program = files[1];
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return heddle::lock_order::Main(argc, argv);
}
