// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/graph_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/graph_writer.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

std::string TempPath(const std::string& name) { return testing::TempDir() + "/" + name; }

GraphBuilder Abba() {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock(std::string(150, 'b'));
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t2, {b, a});
  g.graph.info.program = "/bin/app";
  g.graph.info.pid = 7;
  return g;
}

std::string WriteAbba(const std::string& name) {
  std::string path = TempPath(name);
  EXPECT_TRUE(WriteGraph(Abba().graph, path).ok());
  return path;
}

template <typename T>
void Overwrite(const std::string& path, uint64_t offset, T value) {
  const int fd = open(path.c_str(), O_WRONLY);
  ASSERT_EQ(pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)),
            static_cast<ssize_t>(sizeof value));
  close(fd);
}

uint64_t TableOffset(TableId table) { return offsetof(Header, tables) + table * sizeof(Table); }

// Where record `index` of a table of one chunk is.
uint64_t RecordOffset(const std::string& path, TableId table, uint64_t index, uint64_t bytes) {
  std::ifstream file(path, std::ios::binary);
  uint64_t directory = 0;
  uint64_t chunk = 0;
  file.seekg(static_cast<std::streamoff>(TableOffset(table) + offsetof(Table, directory)));
  file.read(reinterpret_cast<char*>(&directory), sizeof directory);
  file.seekg(static_cast<std::streamoff>(kHeaderBytes + directory * kChunkBytes));
  file.read(reinterpret_cast<char*>(&chunk), sizeof chunk);
  return kHeaderBytes + chunk * kChunkBytes + index * bytes;
}

std::string ErrorOf(const std::string& path) {
  const auto reader = GraphReader::Open(path);
  return reader.ok() ? "" : std::string(reader.status().message());
}

TEST(GraphReader, ReadsWhatWasWritten) {
  const std::string path = WriteAbba("whole");
  const auto reader = GraphReader::Open(path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const Graph& graph = (*reader)->graph();
  const Graph wanted = Abba().graph;
  EXPECT_EQ(graph.info.program, "/bin/app");
  EXPECT_EQ(graph.info.pid, 7U);
  EXPECT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(graph.String(graph.nodes[1].name), "a");
  EXPECT_EQ(graph.String(graph.nodes[2].name), std::string(150, 'b'));
  ASSERT_EQ(graph.chains.size(), wanted.chains.size());
  ASSERT_EQ(graph.visits.size(), wanted.visits.size());
  ASSERT_EQ(graph.threads.size(), 4U);
  EXPECT_EQ(graph.visits[2].thread, wanted.visits[2].thread);
  EXPECT_EQ(graph.StackFrames(graph.chains[2].stack)[0].pc, graph.chains[2].site);
}

TEST(GraphReader, ManyRecordsNeedManyChunks) {
  GraphBuilder g;
  for (int i = 0; i < 5000; ++i) g.Lock();
  for (int i = 0; i < 200; ++i) g.Create(GraphBuilder::kMain);
  const std::string path = TempPath("many");
  ASSERT_TRUE(WriteGraph(g.graph, path).ok());
  const auto reader = GraphReader::Open(path);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->graph().nodes.size(), 5001U);
  EXPECT_EQ((*reader)->graph().nodes[5000].address, g.graph.nodes[5000].address);
  EXPECT_EQ((*reader)->graph().threads[200].tid, g.graph.threads[200].tid);
}

TEST(GraphReader, NamesTheFileAndWhatIsWrong) {
  EXPECT_NE(ErrorOf(TempPath("missing")).find("No such file"), std::string::npos);
  EXPECT_NE(ErrorOf("/dev/null").find("not a regular file"), std::string::npos);
  const std::string path = WriteAbba("wrong");
  Overwrite<uint64_t>(path, 0, 42);
  EXPECT_EQ(ErrorOf(path), path + ": not a lock graph");
  WriteAbba("wrong");
  Overwrite<uint32_t>(path, offsetof(Header, version), 9);
  EXPECT_NE(ErrorOf(path).find("version 9"), std::string::npos);
  std::ofstream(path, std::ios::trunc) << "short";
  EXPECT_NE(ErrorOf(path).find("shorter than"), std::string::npos);
}

TEST(GraphReader, AHeaderNotWrittenYetIsNoError) {
  const std::string path = WriteAbba("early");
  Overwrite<uint64_t>(path, 0, 0);
  EXPECT_EQ(GraphReader::Open(path).status().code(), absl::StatusCode::kUnavailable);
}

TEST(GraphReader, ChecksEveryIndex) {
  const struct {
    TableId table;
    uint64_t index, bytes, field;
    const char* error;
  } kCases[] = {
      {kChains, 2, sizeof(Chain), offsetof(Chain, parent), "parent"},
      {kChains, 2, sizeof(Chain), offsetof(Chain, node), "lock out of range"},
      {kVisits, 1, sizeof(Visit), offsetof(Visit, chain), "chain out of range"},
      {kVisits, 1, sizeof(Visit), offsetof(Visit, thread), "thread out of range"},
      {kVisits, 1, sizeof(Visit), offsetof(Visit, segment), "segment"},
      {kNodes, 1, sizeof(Node), offsetof(Node, name), "name out of range"},
      {kNodes, 1, sizeof(Node), offsetof(Node, first_stack), "stack out of range"},
      {kStacks, 1, sizeof(Stack), offsetof(Stack, frames), "frames out of range"},
      {kThreads, 2, kThreadBytes, offsetof(Thread, creator), "creator"},
      {kEvents, 1, sizeof(Event), offsetof(Event, other), "thread out of range"},
      {kEvents, 1, sizeof(Event), offsetof(Event, node), "lock out of range"},
      {kStrings, 1, sizeof(StringPart), offsetof(StringPart, bytes), ""},
  };
  for (const auto& test : kCases) {
    const std::string path = WriteAbba("index");
    Overwrite<uint32_t>(path, RecordOffset(path, test.table, test.index, test.bytes) + test.field,
                        0xfffffff0);
    const std::string error = ErrorOf(path);
    if (*test.error == '\0') continue;  // need not be an error, must not crash
    EXPECT_NE(error.find(test.error), std::string::npos) << error;
  }
}

TEST(GraphReader, TrustsNoCountAndNoChunk) {
  for (uint32_t table = 0; table < kTableCount; ++table) {
    if (table == kModules) continue;  // there are none, so its directory is not looked at
    const std::string path = WriteAbba("count");
    Overwrite<uint64_t>(path, TableOffset(static_cast<TableId>(table)), UINT64_MAX / 2);
    EXPECT_FALSE(GraphReader::Open(path).ok());
    WriteAbba("count");
    Overwrite<uint64_t>(path, TableOffset(static_cast<TableId>(table)) + offsetof(Table, directory),
                        1 << 30);
    EXPECT_FALSE(GraphReader::Open(path).ok());
  }
  // Two tables on one chunk.
  const std::string path = WriteAbba("count");
  std::ifstream file(path, std::ios::binary);
  uint64_t directory = 0;
  file.seekg(static_cast<std::streamoff>(TableOffset(kNodes) + offsetof(Table, directory)));
  file.read(reinterpret_cast<char*>(&directory), sizeof directory);
  Overwrite(path, TableOffset(kChains) + offsetof(Table, directory), directory);
  EXPECT_NE(ErrorOf(path).find("used twice"), std::string::npos);
}

TEST(GraphReader, SurvivesTruncationAnywhere) {
  const std::string path = WriteAbba("cut");
  struct stat whole{};
  ASSERT_EQ(stat(path.c_str(), &whole), 0);
  for (off_t size = whole.st_size - 1; size > 0; size -= 40961) {
    ASSERT_EQ(truncate(path.c_str(), size), 0);
    // The last chunk need not be full.
    const bool whole_records = size >= whole.st_size - static_cast<off_t>(kChunkBytes);
    EXPECT_TRUE(whole_records || !GraphReader::Open(path).ok()) << size;
  }
}

TEST(GraphReader, SurvivesRandomCorruption) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::string path = WriteAbba("random");
    struct stat whole{};
    ASSERT_EQ(stat(path.c_str(), &whole), 0);
    for (int i = 0; i < 20; ++i) {
      // Mostly where something is: the header's tables and the first bytes of chunks.
      uint64_t offset = random() % (sizeof(Header) - 8);
      if (random() % 2 == 0) {
        offset = kHeaderBytes +
                 random() % (static_cast<uint64_t>(whole.st_size) / kChunkBytes - 1) * kChunkBytes +
                 random() % 300;
      }
      Overwrite<uint16_t>(path, offset, static_cast<uint16_t>(random()));
    }
    const auto reader = GraphReader::Open(path);
    if (reader.ok()) (*reader)->Refresh().IgnoreError();
  }
}

TEST(GraphReader, TakesInNewRecords) {
  GraphBuilder g = Abba();
  const std::string path = TempPath("live");
  ASSERT_TRUE(WriteGraph(g.graph, path).ok());
  auto reader = GraphReader::Open(path);
  ASSERT_TRUE(reader.ok());
  const uint64_t threads_before = (*reader)->graph().threads.size();

  // A live file grows in place; within the chunks it has, appending is: record, then count.
  Thread thread{};
  thread.tid = 77;
  thread.creator = 1;
  thread.alive = 1;
  thread.depth = 1;
  thread.held[0].node = 2;
  Overwrite(path, RecordOffset(path, kThreads, threads_before, kThreadBytes), thread);
  Overwrite<uint64_t>(path, TableOffset(kThreads), threads_before + 1);
  ASSERT_TRUE((*reader)->Poll().ok());
  ASSERT_EQ((*reader)->graph().threads.size(), threads_before + 1);
  EXPECT_EQ((*reader)->graph().threads.back().tid, 77U);

  // Present state of old threads; nonsense in it is dropped.
  thread.held[0].node = 1000;
  thread.wanted = 1;
  thread.depth = 1000;
  Overwrite(path, RecordOffset(path, kThreads, threads_before, kThreadBytes), thread);
  Overwrite<uint32_t>(path, RecordOffset(path, kNodes, 1, sizeof(Node)) + offsetof(Node, flags),
                      kNodeDestroyed);
  ASSERT_TRUE((*reader)->Refresh().ok());
  EXPECT_EQ((*reader)->graph().threads.back().wanted, 1U);
  EXPECT_EQ((*reader)->graph().threads.back().depth, 0U);
  EXPECT_EQ((*reader)->graph().nodes[1].flags, kNodeDestroyed);

  // A table that shrinks is an error, and what was read stays.
  Overwrite<uint64_t>(path, TableOffset(kThreads), 2);
  EXPECT_FALSE((*reader)->Poll().ok());
  EXPECT_EQ((*reader)->graph().threads.size(), threads_before + 1);

  (*reader)->SetFound(3);
  std::ifstream file(path, std::ios::binary);
  uint32_t found = 0;
  file.seekg(offsetof(Header, found));
  file.read(reinterpret_cast<char*>(&found), sizeof found);
  EXPECT_EQ(found, 3U);
}

}  // namespace
}  // namespace heddle::lock_order
