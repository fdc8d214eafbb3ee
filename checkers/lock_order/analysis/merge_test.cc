// SPDX-License-Identifier: Apache-2.0
//
// Graphs of several runs and processes, analyzed as one.
#include "checkers/lock_order/analysis/merge.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "checkers/lock_order/analysis/analysis_testing.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

// One run takes the two locks in one order, in a thread of its own or in the main thread.
GraphBuilder OneOrder(bool forwards, bool in_main) {
  GraphBuilder g;
  g.graph.info.pid = 42;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  Module module{};
  module.bias = forwards ? 0x10000 : 0x8000;
  module.begin = 0x400000;
  module.end = 0x500000;
  module.build_id_bytes = 1;
  g.graph.modules.push_back(module);
  // The same variables, loaded elsewhere.
  g.graph.nodes[a].address = module.bias + 0x100;
  g.graph.nodes[b].address = module.bias + 0x200;
  const uint32_t thread = in_main ? kMain : g.Create(kMain);
  g.Nest(thread, forwards ? std::vector<uint32_t>{a, b} : std::vector<uint32_t>{b, a});
  return g;
}

TEST(Merge, FindsACycleThatNoRunShowed) {
  MergeOptions options;
  options.module_of_variable = [](const Graph&, uint64_t) { return 1U; };
  for (const bool in_main : {false, true}) {
    const GraphBuilder one = OneOrder(true, in_main);
    const GraphBuilder two = OneOrder(false, in_main);
    EXPECT_TRUE(Cycles(one).empty());
    EXPECT_TRUE(Cycles(two).empty());
    const MergedGraph merged = MergeGraphs({&one.graph, &two.graph}, options);
    EXPECT_EQ(merged.graph.nodes.size(), 3U);
    // A main thread never meets itself.
    EXPECT_EQ(Only<Cycle>(Analyze(merged.graph)).size(), in_main ? 0U : 1U);
  }
  // Nothing says that they are the same locks.
  const GraphBuilder one = OneOrder(true, false);
  const GraphBuilder two = OneOrder(false, false);
  const MergedGraph apart = MergeGraphs({&one.graph, &two.graph}, {});
  EXPECT_EQ(apart.graph.nodes.size(), 5U);
  EXPECT_TRUE(Only<Cycle>(Analyze(apart.graph)).empty());
}

// Two runs' processes with mutexes that each has in shared memory; the second one may be a child of
// the first.
std::size_t CyclesOfProcesses(bool child, bool before, uint32_t flags) {
  GraphBuilder one;
  GraphBuilder two;
  one.graph.info.pid = 42;
  two.graph.info.pid = 43;
  two.graph.info.wall_nanoseconds = 1;
  for (GraphBuilder* g : {&one, &two}) {
    for (uint64_t identity = 1; identity <= 2; ++identity) {
      const uint32_t lock = g->Lock();
      g->graph.nodes[lock].identity = identity;
      g->graph.nodes[lock].flags = flags;
    }
  }
  if (child) {
    two.graph.info.parent_pid = 42;
    two.graph.info.parent_thread = kMain;
    two.graph.info.parent_segment = one.graph.threads[kMain].segment;
    if (!before) ++one.graph.threads[kMain].segment;
  }
  one.Nest(kMain, {1, 2});
  two.Nest(kMain, {2, 1});
  MergeOptions options;
  options.one_run = true;
  return Only<Cycle>(Analyze(MergeGraphs({&two.graph, &one.graph}, options).graph)).size();
}

TEST(Merge, SharedMutexesMeetAcrossProcesses) {
  EXPECT_EQ(CyclesOfProcesses(false, false, kNodeShared), 1U);
  EXPECT_EQ(CyclesOfProcesses(true, false, kNodeShared), 1U);
  // What the parent did before it forked is over.
  EXPECT_EQ(CyclesOfProcesses(true, true, kNodeShared), 0U);
  // The identity of a lock of one process alone is none.
  EXPECT_EQ(CyclesOfProcesses(false, false, 0), 0U);
}

TEST(Merge, FileLocksMeetAcrossProcesses) {
  GraphBuilder one;
  GraphBuilder two;
  for (GraphBuilder* g : {&one, &two}) {
    g->graph.info.pid = 42;
    for (uint64_t file = 1; file <= 2; ++file) {
      const uint32_t lock = g->Lock("", kPosixFileLock);
      g->graph.nodes[lock].address = 0;
      g->graph.nodes[lock].identity = file;
    }
  }
  one.Nest(kMain, {1, 2});
  two.Nest(kMain, {2, 1});
  MergeOptions options;
  options.one_run = true;
  const MergedGraph merged = MergeGraphs({&one.graph, &two.graph}, options);
  const auto cycles = Only<Cycle>(Analyze(merged.graph));
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_NE(merged.origin_of_thread[cycles[0].edges[0].thread],
            merged.origin_of_thread[cycles[0].edges[1].thread]);
}

}  // namespace
}  // namespace heddle::lock_order
