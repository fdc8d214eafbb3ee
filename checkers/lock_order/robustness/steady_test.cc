// SPDX-License-Identifier: Apache-2.0
// A program that does what it did before changes nothing that threads share: neither in the graph
// nor in the recorder's own variables; and does not enter the slow path.
//   steady_test PRELOAD PROGRAM
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "checkers/lock_order/graph_format.h"
#include "checkers/lock_order/robustness/harness.h"

namespace heddle::lock_order {
namespace {

std::string g_library;  // NOLINT
std::string g_program;  // NOLINT

constexpr std::uint64_t kOperations = 200'000;  // of each thread
constexpr std::uint64_t kSlowPerMillion = 10;

// What there was at a moment when all threads stood still.
struct Snapshot {
  std::uint64_t acquisitions = 0;
  std::uint64_t slow_paths = 0;
  std::string shared_graph;       // the file, but for what belongs to single threads
  std::vector<std::string> data;  // the library's variables
};

// Each thread writes to its own record, and those lie apart.
void BlankThreads(const Graph& graph, std::string& file) {
  Header header{};
  std::memcpy(&header, file.data(), sizeof header);
  const Table& table = header.tables[kThreads];
  constexpr std::uint64_t kPerChunk = kChunkBytes / kThreadBytes;
  for (std::uint64_t i = 0; i < graph.threads.size(); ++i) {
    const std::uint64_t directory = kHeaderBytes + table.directory[0] * kChunkBytes;
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, file.data() + directory + i / kPerChunk * sizeof chunk, sizeof chunk);
    const std::uint64_t at = kHeaderBytes + chunk * kChunkBytes + i % kPerChunk * kThreadBytes;
    std::memset(file.data() + at, 0, kThreadBytes);
  }
}

// How long threads waited for locks is noted at the locks, in the records of those waited for.
void BlankWaits(const Graph& graph, std::string& file) {
  Header header{};
  std::memcpy(&header, file.data(), sizeof header);
  const Table& table = header.tables[kNodes];
  constexpr std::uint64_t kPerChunk = kChunkBytes / sizeof(Node);
  for (std::uint64_t i = 0; i < graph.nodes.size(); ++i) {
    const std::uint64_t directory = kHeaderBytes + table.directory[0] * kChunkBytes;
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, file.data() + directory + i / kPerChunk * sizeof chunk, sizeof chunk);
    const std::uint64_t at = kHeaderBytes + chunk * kChunkBytes + i % kPerChunk * sizeof(Node);
    std::memset(file.data() + at + offsetof(Node, waits), 0, 3 * sizeof(std::uint64_t));
  }
}

std::vector<std::string> VariablesOf(pid_t child) {
  std::ifstream maps("/proc/" + std::to_string(child) + "/maps");
  const int memory = open(("/proc/" + std::to_string(child) + "/mem").c_str(), O_RDONLY);
  const std::string name = std::filesystem::path(g_library).filename();
  std::vector<std::string> variables;
  std::uint64_t end_of_last = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::array<char, 5> rights{};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights.data()) != 3) {  // NOLINT
      continue;
    }
    // The file's own data, and what follows without a name: the part that begins as zero.
    const bool ours = line.ends_with(name);
    const bool follows = begin == end_of_last && line.find('/') == std::string::npos;
    end_of_last = ours || follows ? end : 0;
    if (!(ours || follows) || rights[1] != 'w') continue;
    std::string bytes(end - begin, '\0');
    if (pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(begin)) !=
        static_cast<ssize_t>(bytes.size())) {
      ADD_FAILURE() << "cannot read " << line;
    }
    variables.push_back(std::move(bytes));
  }
  close(memory);
  return variables;
}

Snapshot Take(const Recording& recording, pid_t child, bool contended) {
  Snapshot snapshot;
  const std::vector<Graph> graphs = recording.Graphs();
  EXPECT_EQ(graphs.size(), 1U);
  if (graphs.size() != 1) return snapshot;
  for (const Thread& thread : graphs[0].threads) {
    snapshot.acquisitions += thread.sequence;
    snapshot.slow_paths += thread.slow_paths;
  }
  std::ifstream file(recording.graph(), std::ios::binary);
  snapshot.shared_graph.assign(std::istreambuf_iterator<char>(file), {});
  BlankThreads(graphs[0], snapshot.shared_graph);
  if (contended) BlankWaits(graphs[0], snapshot.shared_graph);
  snapshot.data = VariablesOf(child);
  EXPECT_FALSE(snapshot.data.empty());
  return snapshot;
}

struct Shape {
  const char* name;
  bool contended;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

// Two moments of a run.
struct Moments {
  Snapshot before;
  Snapshot after;
  std::uint64_t acquired() const { return after.acquisitions - before.acquisitions; }
  std::uint64_t slow() const { return after.slow_paths - before.slow_paths; }
};

void RunShape(Shape shape, int threads, Moments& run) {
  const Recording recording(g_library);
  std::array<int, 2> input{};
  ASSERT_EQ(pipe2(input.data(), O_CLOEXEC), 0);
  Command command{
      .words = {g_program, shape.name, std::to_string(threads), std::to_string(kOperations)}};
  command.before_exec = [&] { dup2(input[0], STDIN_FILENO); };
  int output = -1;
  const pid_t child = Start(recording.Watched(command), &output);
  const auto stands_still = [&] {
    char byte = 0;
    return read(output, &byte, 1) == 1;
  };
  const auto go_on = [&] { return write(input[1], "x", 1) == 1; };

  ASSERT_TRUE(stands_still());
  run.before = Take(recording, child, shape.contended);
  ASSERT_TRUE(go_on());
  ASSERT_TRUE(stands_still());
  run.after = Take(recording, child, shape.contended);
  ASSERT_TRUE(go_on());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int fd : {input[0], input[1], output}) close(fd);

  EXPECT_GE(run.acquired(), kOperations * static_cast<std::uint64_t>(threads));
}

class Steady : public testing::TestWithParam<std::tuple<Shape, int>> {};

TEST_P(Steady, ChangesNothingThatIsShared) {
  const auto& [shape, threads] = GetParam();
  Moments run;
  RunShape(shape, threads, run);
  EXPECT_LT(run.slow() * 1'000'000, kSlowPerMillion * run.acquired())
      << run.slow() << " of " << run.acquired();
  EXPECT_TRUE(run.after.shared_graph == run.before.shared_graph) << "the graph was written to";
  EXPECT_TRUE(run.after.data == run.before.data) << "the recorder's variables were written to";
  std::printf("%s, %d threads: %lu slow of %lu acquisitions\n", shape.name, threads, run.slow(),
              run.acquired());
}

// What would not be steady is seen.
TEST(Unsteady, NewPairsAreWritten) {
  Moments run;
  RunShape({"fresh", false}, 2, run);
  EXPECT_GT(run.slow(), kOperations);
  EXPECT_FALSE(run.after.shared_graph == run.before.shared_graph);
  EXPECT_FALSE(run.after.data == run.before.data);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Steady,
    testing::Combine(testing::Values(Shape{"own", false}, Shape{"own_nested", false},
                                     Shape{"shared_nested", true}, Shape{"shared_alone", true},
                                     Shape{"mixed", true}, Shape{"tried", true},
                                     Shape{"in_turn", true}),
                     testing::Values(2, 4, 8)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             std::to_string(std::get<1>(info.param));
    });

}  // namespace
}  // namespace heddle::lock_order

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: steady_test PRELOAD PROGRAM\n");
    return 2;
  }
  heddle::lock_order::g_library = std::filesystem::absolute(argv[1]).string();
  heddle::lock_order::g_program = std::filesystem::absolute(argv[2]).string();
  return RUN_ALL_TESTS();
}
