// SPDX-License-Identifier: Apache-2.0
#include "checkers/lock_order/analysis/wait_for.h"

#include <cstdint>
#include <vector>

#include "checkers/lock_order/analysis/graph_builder.h"
#include "gtest/gtest.h"

namespace heddle::lock_order {
namespace {

constexpr uint32_t kMain = GraphBuilder::kMain;

std::vector<Deadlock> TwoPolls(const GraphBuilder& g) {
  DeadlockDetector detector;
  EXPECT_TRUE(detector.Poll(g.graph).empty());
  return detector.Poll(g.graph);
}

TEST(WaitFor, ItselfTwoAndThree) {
  for (uint32_t n = 1; n <= 3; ++n) {
    GraphBuilder g;
    std::vector<uint32_t> locks;
    std::vector<uint32_t> threads;
    for (uint32_t i = 0; i < n; ++i) {
      locks.push_back(g.Lock());
      threads.push_back(g.Create(kMain));
      g.Acquire(threads[i], locks[i]);
    }
    for (uint32_t i = 0; i < n; ++i) g.Want(threads[i], locks[(i + 1) % n]);
    // Others may wait for members of the cycle.
    const uint32_t outside = g.Create(kMain);
    g.Want(outside, locks[0]);
    DeadlockDetector detector;
    EXPECT_TRUE(detector.Poll(g.graph).empty());
    const auto deadlocks = detector.Poll(g.graph);
    ASSERT_EQ(deadlocks.size(), 1U);
    EXPECT_EQ(deadlocks[0].members.size(), n);
    EXPECT_TRUE(detector.Poll(g.graph).empty()) << "reported once";
  }
}

TEST(WaitFor, ProgressIsNoDeadlock) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const uint32_t b = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Acquire(t2, b);
  g.Want(t1, b);
  g.Want(t2, a);
  DeadlockDetector detector;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(detector.Poll(g.graph).empty());
    ++g.graph.threads[t1].sequence;
  }
}

TEST(WaitFor, AWaitWithoutACycleIsNoDeadlock) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, a);
  g.Want(t2, a);
  EXPECT_TRUE(TwoPolls(g).empty());
}

TEST(WaitFor, KindsThatDoNotWaitForThemselves) {
  for (const LockKind kind : {kMutexRecursive, kMutexErrorcheck, kMutexNormal, kSpin, kSemaphore}) {
    GraphBuilder g;
    const uint32_t a = g.Lock("", kind);
    g.Acquire(kMain, a);
    g.Want(kMain, a);
    EXPECT_EQ(TwoPolls(g).size(), kind == kMutexNormal || kind == kSpin ? 1U : 0U);
  }
}

TEST(WaitFor, TimedAndForeignLocksAreLeftOut) {
  GraphBuilder g;
  const uint32_t a = g.Lock();
  g.Acquire(kMain, a);
  g.Want(kMain, a, kTimed);
  EXPECT_TRUE(TwoPolls(g).empty());
  g.Want(kMain, a);
  EXPECT_EQ(TwoPolls(g).size(), 1U);
  g.graph.nodes[a].flags = kNodeForeignUnlock;
  EXPECT_TRUE(TwoPolls(g).empty());
}

TEST(WaitFor, ReadersAndWriters) {
  GraphBuilder g;
  const uint32_t rw = g.Lock("", kRwPreferReader);
  const uint32_t m = g.Lock();
  const auto [t1, t2] = g.TwoThreads();
  g.Acquire(t1, rw, kShared);
  g.Acquire(t2, m);
  g.Want(t1, m);
  g.Want(t2, rw, kShared);
  EXPECT_TRUE(TwoPolls(g).empty());
  g.Want(t2, rw);
  EXPECT_EQ(TwoPolls(g).size(), 1U);
}

TEST(WaitFor, AReaderBehindAWaitingWriter) {
  for (const LockKind kind : {kRwPreferReader, kRwPreferWriterNonrecursive}) {
    GraphBuilder g;
    const uint32_t rw = g.Lock("", kind);
    const auto [reader, writer] = g.TwoThreads();
    g.Acquire(reader, rw, kShared);
    g.Want(writer, rw);
    g.Want(reader, rw, kShared);
    const auto deadlocks = TwoPolls(g);
    ASSERT_EQ(deadlocks.size(), kind == kRwPreferReader ? 0U : 1U);
    if (!deadlocks.empty()) EXPECT_EQ(deadlocks[0].members.size(), 2U);
  }
}

TEST(WaitFor, AnUpgradeWaitsForItself) {
  GraphBuilder g;
  const uint32_t rw = g.Lock("", kRwPreferReader);
  g.Acquire(kMain, rw, kShared);
  g.Want(kMain, rw);
  EXPECT_EQ(TwoPolls(g).size(), 1U);
}

}  // namespace
}  // namespace heddle::lock_order
