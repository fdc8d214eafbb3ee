// SPDX-License-Identifier: Apache-2.0
//
// Cycles and the other findings of one graph.
#include <cstdint>
#include <ctime>
#include <vector>

#include "checkers/lock_order/analysis/analysis_testing.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/findings.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

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

// Of the processor's time.
double Seconds(std::clock_t since) {
  return static_cast<double>(std::clock() - since) / CLOCKS_PER_SEC;
}

TEST(Cycles, TenThousandReversedPairs) {
  GraphBuilder g;
  constexpr uint32_t kLocks = 10'000;
  std::vector<uint32_t> locks;
  for (uint32_t i = 0; i <= kLocks; ++i) locks.push_back(g.Lock());
  const auto [t1, t2] = g.TwoThreads();
  for (uint32_t i = 0; i < kLocks; ++i) g.Nest(t1, {locks[i], locks[i + 1]});
  for (uint32_t i = kLocks; i > 0; --i) g.Nest(t2, {locks[i], locks[i - 1]});
  const std::clock_t start = std::clock();
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
    const std::clock_t start = std::clock();
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

}  // namespace
}  // namespace heddle::lock_order
