// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/analyzer.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "checkers/lock_order/analysis/hierarchy.h"
#include "checkers/lock_order/analysis/merge.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

constexpr uint32_t kMain = GraphBuilder::kMain;

std::vector<Finding> Analyze(const Graph& graph, AnalyzerOptions options = {}) {
  return Analyzer(std::move(options)).Update(graph, /*final=*/true);
}

template <typename Kind>
std::vector<Kind> Only(const std::vector<Finding>& findings) {
  std::vector<Kind> result;
  for (const Finding& finding : findings) {
    if (const auto* kind = std::get_if<Kind>(&finding)) result.push_back(*kind);
  }
  return result;
}

std::vector<Cycle> Cycles(const GraphBuilder& g) { return Only<Cycle>(Analyze(g.graph)); }

// The locks of a cycle, the smallest first.
std::vector<uint32_t> LocksOf(const GraphBuilder& g, const Cycle& cycle) {
  std::vector<uint32_t> locks;
  for (const CycleEdge& edge : cycle.edges) locks.push_back(g.graph.chains[edge.held].node);
  return locks;
}

TEST(Cycles, Abba) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t2, {b, a});
  g.Join(kMain, t1);
  g.Join(kMain, t2);
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_EQ(LocksOf(g, cycles[0]), (std::vector<uint32_t>{a, b}));
  EXPECT_NE(cycles[0].edges[0].thread, cycles[0].edges[1].thread);
  EXPECT_FALSE(cycles[0].times_out);
}

TEST(Cycles, SameOrderIsSilent) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t2, {a, b});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, OneThreadIsSilent) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  g.Nest(kMain, {a, b});
  g.Nest(kMain, {b, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, OfThreeAndFour) {
  for (uint32_t n = 3; n <= 4; ++n) {
    GraphBuilder g;
    std::vector<uint32_t> locks;
    std::vector<uint32_t> threads;
    for (uint32_t i = 0; i < n; ++i) locks.push_back(g.Lock());
    for (uint32_t i = 0; i < n; ++i) threads.push_back(g.Create(kMain));
    for (uint32_t i = 0; i < n; ++i) g.Nest(threads[i], {locks[i], locks[(i + 1) % n]});
    const auto cycles = Cycles(g);
    ASSERT_EQ(cycles.size(), 1U);
    EXPECT_EQ(LocksOf(g, cycles[0]), locks);
  }
}

TEST(Cycles, OfThreeNeedsThreeThreads) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t c = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t1, {b, c});
  g.Nest(t2, {c, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, ShortestFirstAndEachOnce) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t c = g.Lock();
  std::vector<uint32_t> threads;
  for (int i = 0; i < 6; ++i) threads.push_back(g.Create(kMain));
  g.Nest(threads[0], {a, b});
  g.Nest(threads[1], {b, c});
  g.Nest(threads[2], {c, a});
  g.Nest(threads[3], {a, b});
  g.Nest(threads[4], {b, a});
  g.Nest(threads[5], {b, a});
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 2U);
  EXPECT_EQ(cycles[0].edges.size(), 2U);
  EXPECT_EQ(cycles[1].edges.size(), 3U);
}

TEST(Cycles, DeepHolds) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t x = g.Lock();
  const uint32_t y = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, x, b});
  g.Nest(t2, {b, y, a});
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_EQ(LocksOf(g, cycles[0]), (std::vector<uint32_t>{a, b}));
}

TEST(Cycles, GateLockIsSilent) {
  GraphBuilder g;
  const uint32_t gate = g.Lock();
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {gate, a, b});
  g.Nest(t2, {gate, b, a});
  EXPECT_TRUE(Cycles(g).empty());
  g.Nest(t2, {b, a});  // once without the gate
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, AGateThatBothOnlyReadIsNone) {
  GraphBuilder g;
  const uint32_t gate = g.Lock("", kRwPreferReader);
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, gate, kShared);
  g.Nest(t1, {a, b});
  g.Acquire(t2, gate, kShared);
  g.Nest(t2, {b, a});
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, HandOverHandIsSilent) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t c = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b);
  g.Release(t1, a);
  g.Acquire(t1, c);
  g.Release(t1, b);
  g.Release(t1, c);
  g.Nest(t2, {c, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, ParentsGateGuardsTheChild) {
  GraphBuilder g;
  const uint32_t gate = g.Lock();
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t other = g.Create(kMain);
  g.Nest(other, {gate, b, a});
  g.Acquire(kMain, gate);
  const uint32_t child = g.Create(kMain);
  g.Nest(child, {a, b});
  EXPECT_EQ(Cycles(g).size(), 1U);  // not joined: no guard
  g.Guard(kMain, gate, child);
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, ParentsGateDoesNotSeparateItsChildren) {
  GraphBuilder g;
  const uint32_t gate = g.Lock();
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  g.Acquire(kMain, gate);
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t2, {b, a});
  g.Guard(kMain, gate, t1);
  g.Guard(kMain, gate, t2);
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, ParentsGateDoesNotSeparateParentAndChild) {
  GraphBuilder g;
  const uint32_t gate = g.Lock();
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  g.Acquire(kMain, gate);
  const uint32_t child = g.Create(kMain);
  g.Nest(child, {a, b});
  g.Nest(kMain, {b, a});
  g.Join(kMain, child);
  g.Guard(kMain, gate, child);
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, CreateJoinSeparates) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  g.Nest(kMain, {a, b});
  const uint32_t first = g.Create(kMain);
  g.Nest(first, {b, a});
  EXPECT_TRUE(Cycles(g).empty());
  g.Join(kMain, first);
  const uint32_t second = g.Create(kMain);
  g.Nest(second, {a, b});
  EXPECT_TRUE(Cycles(g).empty());
  g.Nest(kMain, {b, a});  // beside the second
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, GrandchildrenAreSeparatedToo) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t child = g.Create(kMain);
  const uint32_t grandchild = g.Create(child);
  g.Nest(grandchild, {a, b});
  g.Join(child, grandchild);
  g.Join(kMain, child);
  g.Nest(kMain, {b, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, BarrierOnceAndOneShotSeparate) {
  for (int kind = 0; kind < 4; ++kind) {
    GraphBuilder g;
    const uint32_t a = g.Lock();
    const uint32_t b = g.Lock();
    const uint32_t barrier = g.Lock();
    const auto [t1, t2] = g.TwoThreads();
    g.Nest(t1, {a, b});
    if (kind == 0) g.Barrier(barrier, 1, {t1, t2});
    if (kind == 1) g.Once(t2, t1);
    if (kind == 2) g.OneShot(t2, t1);
    g.Nest(t2, {b, a});
    EXPECT_EQ(Cycles(g).size(), kind == 3 ? 1U : 0U) << kind;
    g.Nest(t1, {a, b});  // after it
    EXPECT_EQ(Cycles(g).size(), 1U) << kind;
  }
}

TEST(Cycles, ASemaphoreOfManyPostsSeparatesNothing) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t s = g.Lock("", kSemaphore);
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.OneShot(t2, t1);
  g.graph.events.back().node = s;
  g.Nest(t2, {b, a});
  Analyzer analyzer;
  EXPECT_TRUE(analyzer.Update(g.graph, true).empty());
  g.graph.nodes[s].flags |= kNodeManyPosts;
  EXPECT_EQ(analyzer.Update(g.graph, true).size(), 1U);
}

TEST(Cycles, RoundsOfABarrierAreApart) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t barrier = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Barrier(barrier, 1, {t1, t2});
  g.Nest(t1, {a, b});
  g.Barrier(barrier, 2, {t1, t2});
  g.Nest(t2, {b, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, WidenedVisitsMayOverlapAnywhere) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  g.Nest(kMain, {a, b});
  const uint32_t early = g.Create(kMain);
  g.Nest(early, {b, a});
  g.Join(kMain, early);
  EXPECT_TRUE(Cycles(g).empty());
  g.graph.visits[1].segment_end = 9;
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, TrylockSecondIsSilentFirstIsNot) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b, kTry);
  g.Release(t1, b);
  g.Release(t1, a);
  g.Nest(t2, {b, a});
  EXPECT_TRUE(Cycles(g).empty());
  g.Acquire(t1, a, kTry);
  g.Acquire(t1, b);
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, TimedOnesSayThatTheyTimeOut) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b, kTimed);
  g.Nest(t2, {b, a});
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_TRUE(cycles[0].times_out);
}

void ReadNest(GraphBuilder& g, uint32_t thread, uint32_t first, uint32_t second) {
  g.Acquire(thread, first, kShared);
  g.Acquire(thread, second, kShared);
  g.Release(thread, second);
  g.Release(thread, first);
}

TEST(Cycles, ReadersOfEachKind) {
  for (const LockKind kind : {kRwPreferReader, kRwPreferWriter, kRwPreferWriterNonrecursive}) {
    // Each pair of readers needs a writer of its own between them, at the same time.
    for (const int writers : {0, 1, 2}) {
      GraphBuilder g;
      const uint32_t a = g.Lock("", kind);
      const uint32_t b = g.Lock("", kind);
      const auto [t1, t2] = g.TwoThreads();
      ReadNest(g, t1, a, b);
      ReadNest(g, t2, b, a);
      const uint32_t outer = g.Lock();
      for (int i = 0; i < writers; ++i) {
        const uint32_t writer = g.Create(kMain);
        // Not under a common lock: it would keep the second writer away.
        const uint32_t own = i == 0 ? outer : g.Lock();
        g.Nest(writer, {own, a});
        g.Nest(writer, {own, b});
      }
      const auto cycles = Cycles(g);
      ASSERT_EQ(cycles.size(), writers == 2 && kind == kRwPreferWriterNonrecursive ? 1U : 0U);
      if (!cycles.empty()) EXPECT_TRUE(cycles[0].reader_writer);
    }
  }
}

TEST(Cycles, ReaderAgainstWriter) {
  GraphBuilder g;
  const uint32_t a = g.Lock("", kRwPreferReader);
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a, kShared);
  g.Acquire(t1, b);
  g.Acquire(t2, b);
  g.Acquire(t2, a);
  EXPECT_EQ(Cycles(g).size(), 1U);
}

TEST(Cycles, SemaphoresThatOthersPostAreNoLocks) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t s = g.Lock("", kSemaphore);
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, s});
  g.Nest(t2, {s, a});
  EXPECT_EQ(Cycles(g).size(), 1U);
  g.graph.nodes[s].flags |= kNodeForeignPost;
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, ConditionWaitIsItsOwnKind) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b);
  g.Release(t1, a);
  g.Acquire(t1, a, kCondWait);
  g.Nest(t2, {a, b});
  const auto findings = Analyze(g.graph);
  ASSERT_EQ(Only<Cycle>(findings).size(), 1U);
  EXPECT_TRUE(Only<Cycle>(findings)[0].condition_wait);
  EXPECT_EQ(Only<WaitHolding>(findings).size(), 1U);
}

TEST(Findings, ConditionWaitHoldingMattersToWhoSignals) {
  GraphBuilder g;
  const uint32_t mutex = g.Lock();
  const uint32_t file = g.Lock("", kPosixFileLock);
  const uint32_t other = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, file);
  g.Acquire(t1, mutex, kCondWait);
  EXPECT_TRUE(Only<WaitHolding>(Analyze(g.graph)).empty());
  g.graph.nodes[mutex].flags |= kNodeShared;
  EXPECT_EQ(Only<WaitHolding>(Analyze(g.graph)).size(), 1U);
  g.graph.nodes[mutex].flags = 0;
  g.graph.nodes[file].kind = kSemaphore;
  EXPECT_TRUE(Only<WaitHolding>(Analyze(g.graph)).empty());
  g.graph.nodes[file].kind = kPosixFileLock;
  // What is held below the file lock counts.
  g.Acquire(t2, other);
  g.Acquire(t2, file);
  g.Acquire(t2, mutex, kCondWait);
  const auto found = Only<WaitHolding>(Analyze(g.graph));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(g.graph.chains[found[0].held].node, other);
}

TEST(Findings, ConditionWaitWithALimitEnds) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t1, b);
  g.Release(t1, a);
  g.Acquire(t1, a, kCondWait | kTimed);
  g.Nest(t2, {a, b});
  const auto findings = Analyze(g.graph);
  EXPECT_TRUE(Only<WaitHolding>(findings).empty());
  // Its mutex is waited for without one.
  ASSERT_EQ(Only<Cycle>(findings).size(), 1U);
  EXPECT_FALSE(Only<Cycle>(findings)[0].times_out);
}

TEST(Cycles, AddressReuseIsANewLock) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t b2 = g.Lock();
  g.graph.nodes[b2].address = g.graph.nodes[b].address;
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  g.Nest(t2, {b2, a});
  EXPECT_TRUE(Cycles(g).empty());
}

TEST(Cycles, DeclaredClassesLearnFromOnePair) {
  GraphBuilder g;
  const uint32_t a1 = g.Lock("account");
  const uint32_t a2 = g.Lock("account");
  const uint32_t j1 = g.Lock("journal");
  const uint32_t j2 = g.Lock("journal");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a1, j1});
  g.Nest(t2, {j2, a2});
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_TRUE(cycles[0].by_class);
  EXPECT_TRUE(Only<Cycle>(Analyze(g.graph, {.classes = ClassCycles::kNone})).empty());
}

TEST(Cycles, OfLocksAreNotRepeatedByClass) {
  GraphBuilder g;
  const uint32_t a = g.Lock("account");
  const uint32_t j = g.Lock("journal");
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, j});
  g.Nest(t2, {j, a});
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_FALSE(cycles[0].by_class);
}

TEST(Cycles, TheSameCodeOnOtherLocksIsCounted) {
  GraphBuilder g;
  const auto [t1, t2] = g.TwoThreads();
  for (int i = 0; i < 5; ++i) {
    const uint32_t a = g.Lock();
    const uint32_t b = g.Lock();
    g.Acquire(t1, a, 0, 0x1000);
    g.Acquire(t1, b, 0, 0x1010);
    g.Release(t1, b);
    g.Release(t1, a);
    g.Acquire(t2, b, 0, 0x2000);
    g.Acquire(t2, a, 0, 0x2010);
    g.Release(t2, a);
    g.Release(t2, b);
  }
  const auto cycles = Cycles(g);
  ASSERT_EQ(cycles.size(), 1U);
  EXPECT_EQ(cycles[0].similar, 4U);
}

TEST(Cycles, LiveOnesAreHeldBackForOnePoll) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const uint32_t barrier = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Nest(t1, {a, b});
  ++g.graph.threads[t2].segment;  // t2 has passed the barrier, t1's event is not there yet
  g.Nest(t2, {b, a});
  Analyzer analyzer;
  EXPECT_TRUE(analyzer.Update(g.graph, false).empty());
  --g.graph.threads[t2].segment;
  g.Barrier(barrier, 1, {t1, t2});
  EXPECT_TRUE(analyzer.Update(g.graph, false).empty());
  EXPECT_TRUE(analyzer.Update(g.graph, true).empty());
  g.Nest(t1, {a, b});
  EXPECT_TRUE(analyzer.Update(g.graph, false).empty());
  EXPECT_EQ(analyzer.Update(g.graph, false).size(), 1U);
  EXPECT_TRUE(analyzer.Update(g.graph, true).empty());
}

double Seconds(const std::chrono::steady_clock::time_point& since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

TEST(Cycles, TenThousandReversedPairs) {
  GraphBuilder g;
  constexpr uint32_t kLocks = 10'000;
  std::vector<uint32_t> locks;
  for (uint32_t i = 0; i <= kLocks; ++i) locks.push_back(g.Lock());
  const auto [t1, t2] = g.TwoThreads();
  for (uint32_t i = 0; i < kLocks; ++i) g.Nest(t1, {locks[i], locks[i + 1]});
  for (uint32_t i = kLocks; i > 0; --i) g.Nest(t2, {locks[i], locks[i - 1]});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(Cycles(g).size(), kLocks);
  EXPECT_LT(Seconds(start), 20);
}

TEST(Cycles, ChainStarAndHoldOfManyLocks) {
  for (const bool reversed : {false, true}) {
    GraphBuilder g;
    constexpr uint32_t kLocks = 100'000;
    std::vector<uint32_t> locks;
    for (uint32_t i = 0; i <= kLocks; ++i) locks.push_back(g.Lock());
    const auto [t1, t2] = g.TwoThreads();
    for (uint32_t i = 0; i < kLocks; ++i) {
      const uint32_t at = reversed ? kLocks - 1 - i : i;
      g.Nest(t1, {locks[at], locks[at + 1]});
      g.Nest(t2, {locks[0], locks[i + 1]});
    }
    g.Nest(t2, {locks.begin(), locks.begin() + 10'000});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(Cycles(g).empty());
    EXPECT_LT(Seconds(start), 20);
  }
}

TEST(Cycles, ASearchThatIsTooLongEndsAndSaysSo) {
  GraphBuilder g;
  std::vector<uint32_t> locks;
  const uint32_t gate = g.Lock();
  for (int i = 0; i < 30; ++i) locks.push_back(g.Lock());
  for (int t = 0; t < 30; ++t) {
    const uint32_t thread = g.Create(kMain);
    for (const uint32_t a : locks) {
      for (const uint32_t b : locks) {
        if (a != b) g.Nest(thread, {gate, a, b});
      }
    }
  }
  Analyzer analyzer({.classes = ClassCycles::kNone, .budget = 10'000});
  EXPECT_TRUE(analyzer.Update(g.graph, true).empty());
  EXPECT_TRUE(analyzer.exhausted());
}

TEST(Records, UpgradeAndRecursiveRead) {
  for (const LockKind kind : {kRwPreferReader, kRwPreferWriterNonrecursive}) {
    GraphBuilder g;
    const uint32_t a = g.Lock("", kind);
    const uint32_t outer = g.Lock();
    const uint32_t writer = g.Create(kMain);
    g.Acquire(kMain, a, kShared);
    g.Acquire(kMain, a, kShared | kRecursive);
    EXPECT_TRUE(Analyze(g.graph).empty());
    const uint32_t later = g.Create(kMain);  // too late to disturb
    g.Nest(later, {outer, a});
    EXPECT_TRUE(Analyze(g.graph).empty());
    g.Nest(writer, {outer, a});
    EXPECT_EQ(Only<RecursiveRead>(Analyze(g.graph)).size(), kind == kRwPreferReader ? 0U : 1U);
    g.Acquire(kMain, a, kUpgrade);
    EXPECT_EQ(Only<Upgrade>(Analyze(g.graph)).size(), 1U);
  }
}

TEST(Records, Levels) {
  GraphBuilder g;
  const uint32_t low = g.Lock();
  const uint32_t high = g.Lock();
  g.graph.nodes[low].flags = g.graph.nodes[high].flags = kNodeHasLevel;
  g.graph.nodes[low].level = 1;
  g.graph.nodes[high].level = 2;
  g.Nest(kMain, {low, high});
  EXPECT_TRUE(Analyze(g.graph).empty());
  g.Nest(kMain, {high, low});
  EXPECT_EQ(Only<OrderViolation>(Analyze(g.graph)).size(), 1U);
  Event event = GraphBuilder::MakeEvent(kEventLevel, kMain, 0);
  event.node = low;
  event.other_node = high;
  g.AddEvent(event);
  EXPECT_EQ(Only<OrderViolation>(Analyze(g.graph)).size(), 1U);
}

TEST(Records, SignalInversionAndMisuse) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  g.graph.nodes[a].flags = kNodeInHandler;
  EXPECT_TRUE(Analyze(g.graph).empty());
  g.graph.nodes[a].flags |= kNodeWithSignal;
  g.graph.nodes[a].signal = 10;
  EXPECT_EQ(Only<SignalInversion>(Analyze(g.graph)).size(), 1U);
  g.graph.nodes[a].signal = 11;
  EXPECT_TRUE(Analyze(g.graph).empty()) << "a fault comes where its instruction is";
  for (const EventKind kind : {kEventExitHolding, kEventUnlockNotHeld, kEventDestroyHeld,
                               kEventFreeHeld, kEventBlockingCall, kEventAssertHeld}) {
    Event event = GraphBuilder::MakeEvent(kind, kMain, 0);
    event.node = a;
    g.AddEvent(event);
    g.AddEvent(event);
  }
  EXPECT_EQ(Only<Misuse>(Analyze(g.graph)).size(), 6U);
}

TEST(Hierarchy, IsInferredWrittenReadAndEnforced) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c with space");
  g.Nest(kMain, {a, b});
  g.Nest(kMain, {b, c});
  g.Nest(kMain, {a, c});
  const std::string text = FormatHierarchy(InferHierarchy({&g.graph}));
  const auto hierarchy = ParseHierarchy(text);
  ASSERT_TRUE(hierarchy.ok()) << hierarchy.status();
  EXPECT_EQ(hierarchy->level.at("a"), 1U);
  EXPECT_EQ(hierarchy->level.at("b"), 2U);
  EXPECT_EQ(hierarchy->level.at("c with space"), 3U);
  EXPECT_EQ(FormatHierarchy(*hierarchy), text);

  AnalyzerOptions options;
  options.enforce = *hierarchy;
  EXPECT_TRUE(Analyze(g.graph, options).empty());
  g.Nest(kMain, {c, a});
  const auto violations = Only<OrderViolation>(Analyze(g.graph, options));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].node, a);
  EXPECT_EQ(violations[0].other_node, c);
}

TEST(Hierarchy, ClassesInACycleShareALevel) {
  GraphBuilder g;
  const uint32_t a = g.Lock("a");
  const uint32_t b = g.Lock("b");
  const uint32_t c = g.Lock("c");
  g.Nest(kMain, {a, b, c});
  g.Nest(kMain, {b, a});
  const Hierarchy hierarchy = InferHierarchy({&g.graph});
  ASSERT_EQ(hierarchy.unordered.size(), 1U);
  EXPECT_EQ(hierarchy.level.at("a"), hierarchy.level.at("b"));
  EXPECT_GT(hierarchy.level.at("c"), hierarchy.level.at("a"));
}

TEST(Hierarchy, BadFilesNameTheLine) {
  EXPECT_EQ(ParseHierarchy("# x\n1 a\nx b\n").status().message(),
            "line 3: expected LEVEL CLASS, a level being a number from 1");
  EXPECT_EQ(ParseHierarchy("1 a\n2 a\n").status().message(), "line 2: a occurs twice");
  EXPECT_FALSE(ParseHierarchy("7\n").ok());
  EXPECT_TRUE(ParseHierarchy("").ok());
}

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
