// SPDX-License-Identifier: Apache-2.0
//
// What keeps threads from meeting in a cycle: gate locks, creation and joining, barriers.
#include <cstdint>

#include "checkers/lock_order/analysis/analysis_testing.h"
#include "checkers/lock_order/analysis/analyzer.h"
#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

TEST(Separation, GateLockIsSilent) {
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

TEST(Separation, AGateThatBothOnlyReadIsNone) {
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

TEST(Separation, HandOverHandIsSilent) {
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

TEST(Separation, ParentsGateGuardsTheChild) {
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

TEST(Separation, ParentsGateDoesNotSeparateItsChildren) {
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

TEST(Separation, ParentsGateDoesNotSeparateParentAndChild) {
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

TEST(Separation, CreateJoinSeparates) {
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

TEST(Separation, GrandchildrenAreSeparatedToo) {
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

TEST(Separation, BarrierOnceAndOneShotSeparate) {
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

TEST(Separation, ASemaphoreOfManyPostsSeparatesNothing) {
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

TEST(Separation, RoundsOfABarrierAreApart) {
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

TEST(Separation, WidenedVisitsMayOverlapAnywhere) {
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

}  // namespace
}  // namespace heddle::lock_order
