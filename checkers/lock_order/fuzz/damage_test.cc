// SPDX-License-Identifier: Apache-2.0
//
// Graphs of real runs: merged with themselves, cut at every length, with every bit flipped in turn.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/graph_reader.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "checkers/lock_order/fuzz/use_graph.h"
#include "checkers/lock_order/graph_format.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

// A file in memory, to be damaged.
class File {
 public:
  explicit File(std::string bytes)
      : bytes_(std::move(bytes)),
        fd_(memfd_create("graph", MFD_CLOEXEC)),
        path_(absl::StrCat("/proc/self/fd/", fd_)) {
    Restore();
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

  void Restore() const {
    EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(bytes_.size())), 0);
    EXPECT_EQ(pwrite(fd_, bytes_.data(), bytes_.size(), 0), static_cast<ssize_t>(bytes_.size()));
  }
  void Cut(std::size_t size) const { EXPECT_EQ(ftruncate(fd_, static_cast<off_t>(size)), 0); }
  void Put(std::size_t at, char byte) const { EXPECT_EQ(pwrite(fd_, &byte, 1, at), 1); }

 private:
  std::string bytes_;
  int fd_;
  std::string path_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// By name: those recorded, and one that has everything.
const std::map<std::string, std::string>& Files() {
  static const auto& files = *new std::map<std::string, std::string>([] {
    std::map<std::string, std::string> result;
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator("checkers/lock_order/fuzz", none)) {
      if (!absl::EndsWith(entry.path().string(), ".graph")) continue;
      result[entry.path().filename()] = ReadFile(entry.path());
    }
    const std::string path = absl::StrCat(testing::TempDir(), "/rich");
    EXPECT_TRUE(WriteGraph(RichGraph(), path).ok());
    result["rich"] = ReadFile(path);
    return result;
  }());
  return files;
}

TEST(Damage, ThereAreRealGraphs) {
  EXPECT_GE(Files().size(), 4U);
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    const auto reader = GraphReader::Open(file.path());
    ASSERT_TRUE(reader.ok()) << name << reader.status();
    EXPECT_GT((*reader)->graph().visits.size(), 1U) << name;
    EXPECT_EQ(Unsound((*reader)->graph()), "") << name;
    UseGraph((*reader)->graph(), /*print=*/true);
  }
}

TEST(Damage, NamesAddNoLinesToAHierarchy) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a\n1 ledger");
  const uint32_t b = g.Lock("b");
  const uint32_t ledger = g.Lock("ledger");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b, ledger});
  g.Nest(t2, {b, a});
  const auto parsed = ParseHierarchy(FormatHierarchy(InferHierarchy({&g.graph})));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->level, (std::map<std::string, uint32_t>{{"b", 1}, {"ledger", 2}}));
}

// What cycles are of, whatever the records' numbers.
std::multiset<std::set<std::string>> Cycles(const Graph& graph) {
  std::multiset<std::set<std::string>> cycles;
  for (const Finding& finding : Analyzer().Update(graph, /*final=*/true)) {
    const auto* cycle = std::get_if<Cycle>(&finding);
    if (cycle == nullptr) continue;
    std::set<std::string> stacks;
    for (const CycleEdge& edge : cycle->edges) {
      const Chain& chain = graph.chains[edge.acquired];
      stacks.insert(absl::StrCat(graph.StackFrames(chain.stack).size(), " ", chain.flags));
    }
    cycles.insert(stacks);
  }
  return cycles;
}

TEST(Damage, WrittenAndReadAgainAGraphIsTheSame) {
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    const auto reader = GraphReader::Open(file.path());
    ASSERT_TRUE(reader.ok());
    const std::string path = absl::StrCat(testing::TempDir(), "/again");
    ASSERT_TRUE(WriteGraph((*reader)->graph(), path).ok());
    const auto again = GraphReader::Open(path);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Difference((*reader)->graph(), (*again)->graph()), "") << name;
  }
}

TEST(Damage, MergingAloneKeepsTheFindings) {
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    const auto reader = GraphReader::Open(file.path());
    ASSERT_TRUE(reader.ok());
    const Graph& graph = (*reader)->graph();
    MergeOptions options;
    options.one_run = true;
    const Graph merged = MergeGraphs({&graph}, options).graph;
    EXPECT_EQ(Unsound(merged), "") << name;
    EXPECT_EQ(merged.chains.size(), graph.chains.size()) << name;
    EXPECT_EQ(Cycles(merged), Cycles(graph)) << name;
  }
}

TEST(Damage, MergedWithItselfAGraphHasNoNewLocksOfFiles) {
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    const auto reader = GraphReader::Open(file.path());
    ASSERT_TRUE(reader.ok());
    const Graph& graph = (*reader)->graph();
    const Graph twice = MergeGraphs({&graph, &graph}, {}).graph;
    EXPECT_EQ(Unsound(twice), "") << name;
    EXPECT_EQ(twice.visits.size() - 1, 2 * (graph.visits.size() - 1)) << name;
    EXPECT_EQ(twice.threads.size() - 1, 2 * (graph.threads.size() - 1)) << name;
    EXPECT_EQ(twice.modules.size(), graph.modules.size()) << name;
    const Graph again = MergeGraphs({&twice}, {}).graph;
    EXPECT_EQ(Unsound(again), "") << name;
    EXPECT_EQ(again.visits.size(), twice.visits.size()) << name;
    EXPECT_EQ(Cycles(again), Cycles(twice)) << name;
  }
}

// Opens it and uses what comes; an error is one clear line.
bool Survives(const File& file) {
  const auto reader = GraphReader::Open(file.path());
  if (!reader.ok()) {
    const std::string message(reader.status().message());
    EXPECT_TRUE(absl::StartsWith(message, absl::StrCat(file.path(), ": "))) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return false;
  }
  EXPECT_EQ(Unsound((*reader)->graph()), "");
  return true;
}

// Where the file is not zero, something is: the lengths in between are all alike.
TEST(Damage, CutAtEveryLength) {
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    std::size_t readable = 0;
    std::size_t tried = 0;
    for (std::size_t size = bytes.size(); size-- > 0;) {
      const bool dull = size > 16 && bytes[size] == 0 && bytes[size - 1] == 0;
      if (dull && size % 509 != 0) continue;
      file.Cut(size);
      readable += Survives(file) ? 1 : 0;
      ++tried;
    }
    file.Restore();
    EXPECT_GT(tried, 1000U) << name;
    EXPECT_LT(readable, tried) << name;
    EXPECT_TRUE(Survives(file)) << name;
  }
}

TEST(Damage, AFileThatShrinksWhileItIsOpen) {
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 4093) {
      file.Restore();
      const auto reader = GraphReader::Open(file.path());
      ASSERT_TRUE(reader.ok());
      file.Cut(size);
      EXPECT_FALSE((*reader)->Refresh().ok() && size < kHeaderBytes / 16) << name << " " << size;
      EXPECT_EQ(Unsound((*reader)->graph()), "") << name << " " << size;
    }
  }
}

TEST(Damage, EveryBitFlipped) {
  std::mt19937 random(1);
  for (const auto& [name, bytes] : Files()) {
    const File file(bytes);
    std::size_t readable = 0;
    std::size_t tried = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (bytes[at] == 0 && random() % 601 != 0) continue;
      for (int bit = 0; bit < 8; ++bit) {
        // The recorded ones have much in common.
        if (name != "rich" && random() % 4 != 0) continue;
        file.Put(at, static_cast<char>(bytes[at] ^ (1 << bit)));
        if (Survives(file)) {
          ++readable;
          if (random() % 200 == 0) {
            UseGraph((*GraphReader::Open(file.path()))->graph(), /*print=*/random() % 10 == 0);
          }
        }
        ++tried;
      }
      file.Put(at, bytes[at]);
    }
    EXPECT_GT(tried, 5000U) << name;
    EXPECT_GT(readable, 0U) << name;
    EXPECT_LT(readable, tried) << name;
  }
}

}  // namespace
}  // namespace heddle::lock_order
