// SPDX-License-Identifier: Apache-2.0
#include "checkers/scenario/sim_shared.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {
namespace {

// Notes who would have been woken.
struct TestPlatform : StdPlatform {
  inline static int woken = 0;
  static void unpark(Atomic<std::uint32_t>* /*word*/, int count) { woken += count; }
};

struct TestHooks {
  using Thread = SimShared<TestPlatform, TestHooks>::Thread;
  inline static std::array<Thread, 2> threads;
  inline static std::uint32_t current = 1;
  inline static int steps_to_live = 0;  // 0: for ever

  static Thread& thread() { return threads[current - 1]; }
  static std::uint32_t id() { return current; }
  static bool dies() {
    if (steps_to_live == 0) return false;
    --steps_to_live;
    return steps_to_live == 0;
  }
};

using Sim = SimShared<TestPlatform, TestHooks>;
static_assert(PlatformShared<Sim>);

class SimSharedTest : public testing::Test {
 protected:
  SimSharedTest() {
    TestPlatform::woken = 0;
    TestHooks::steps_to_live = 0;
    TestHooks::current = 1;
    TestHooks::threads = {};
  }
  void Set(std::uint32_t word) { entry_.word.store(word, std::memory_order_relaxed); }
  std::uint32_t word() const { return entry_.word.load(std::memory_order_relaxed); }

  Sim::Entry entry_;
  Sim::Entry other_;
};

TEST_F(SimSharedTest, ADeadOwnerIsMarkedOnTheListedWord) {
  EXPECT_TRUE(Sim::run(false, [this] {
    Sim::list(entry_);
    Set(1 | kRobustWaiters);
    Sim::die();
  }));
  EXPECT_EQ(word(), kRobustWaiters | kRobustOwnerDied);
  EXPECT_EQ(TestPlatform::woken, 1);
}

TEST_F(SimSharedTest, WithoutTheBitNobodyIsWoken) {
  EXPECT_TRUE(Sim::run(false, [this] {
    Sim::begin(entry_);
    Set(1);
    Sim::die();
  }));
  EXPECT_EQ(word(), kRobustOwnerDied);
  EXPECT_EQ(TestPlatform::woken, 0);
}

TEST_F(SimSharedTest, ListedAndAtWorkItIsHandledOnce) {
  EXPECT_TRUE(Sim::run(false, [this] {
    Sim::begin(entry_);
    Set(1 | kRobustWaiters);
    Sim::list(entry_);
    Sim::die();
  }));
  EXPECT_EQ(word(), kRobustWaiters | kRobustOwnerDied);
  EXPECT_EQ(TestPlatform::woken, 1);
}

TEST_F(SimSharedTest, AtWorkOnAFreeWordSomebodyIsWoken) {
  for (const std::uint32_t free : {0U, kRobustWaiters | kRobustOwnerDied}) {
    TestPlatform::woken = 0;
    EXPECT_TRUE(Sim::run(false, [&] {
      Set(free);
      Sim::begin(entry_);
      Sim::die();
    }));
    EXPECT_EQ(word(), free);
    EXPECT_EQ(TestPlatform::woken, 1);
  }
}

TEST_F(SimSharedTest, WhatBelongsToOthersOrIsUnlistedStays) {
  EXPECT_TRUE(Sim::run(false, [this] {
    Sim::begin(entry_);
    Set(2 | kRobustWaiters);
    Sim::list(other_);
    Sim::unlist(other_);
    other_.word.store(1, std::memory_order_relaxed);
    Sim::die();
  }));
  EXPECT_EQ(word(), 2 | kRobustWaiters);
  EXPECT_EQ(other_.word.load(std::memory_order_relaxed), 1U);
  EXPECT_EQ(TestPlatform::woken, 0);
}

TEST_F(SimSharedTest, TheEndOfAProcessIsADeathToo) {
  EXPECT_FALSE(Sim::run(false, [this] {
    Set(1);
    Sim::list(entry_);
  }));
  EXPECT_EQ(word(), kRobustOwnerDied);
}

TEST_F(SimSharedTest, DiesBeforeAStepAndOnlyIfItMay) {
  const auto body = [this] {
    Set(0);
    entry_.word.exchange(5, std::memory_order_relaxed);
    static_cast<void>(entry_.word.load(std::memory_order_relaxed));  // no step
    entry_.word.fetch_add(1, std::memory_order_relaxed);
    Sim::step();
  };
  for (const int steps : {1, 2, 3, 4}) {
    entry_.word.exchange(9, std::memory_order_relaxed);
    TestHooks::steps_to_live = steps;
    EXPECT_TRUE(Sim::run(true, body)) << steps;
    EXPECT_EQ(word(), (std::array{9U, 0U, 5U, 6U})[static_cast<std::size_t>(steps) - 1]);
  }
  TestHooks::steps_to_live = 5;
  EXPECT_FALSE(Sim::run(true, body));
  TestHooks::steps_to_live = 1;
  EXPECT_FALSE(Sim::run(false, body));
}

// A lock that is taken and given back: who dies before `list` dies as after it, a failed
// compare-exchange changes nothing, and nobody owns what has been let go.
TEST_F(SimSharedTest, DiesOnceWhereNobodyCanTell) {
  Sim::Var<int> data = 0;
  const auto body = [&] {
    Sim::begin(entry_);
    std::uint32_t seen = 7;
    EXPECT_FALSE(entry_.word.compare_exchange_strong(seen, 1, std::memory_order_relaxed,
                                                     std::memory_order_relaxed));
    EXPECT_TRUE(entry_.word.compare_exchange_strong(seen, 1, std::memory_order_relaxed,
                                                    std::memory_order_relaxed));
    Sim::list(entry_);
    Sim::end();
    data.set(1);
    Sim::begin(entry_);
    Sim::unlist(entry_);
    entry_.word.exchange(0, std::memory_order_relaxed);
    Sim::unpark(&entry_.word, 1);
    Sim::end();
  };
  struct Death {
    std::uint32_t word;
    int data;
    int woken;
  };
  constexpr std::array<Death, 6> kDeaths = {{
      {.word = 0, .data = 0, .woken = 0},                 // at `begin`
      {.word = 0, .data = 0, .woken = 1},                 // at the first compare-exchange
      {.word = kRobustOwnerDied, .data = 0, .woken = 0},  // at `end`
      {.word = kRobustOwnerDied, .data = 1, .woken = 0},  // at the second `begin`
      {.word = 0, .data = 1, .woken = 1},                 // at `unpark`
      {.word = 0, .data = 1, .woken = 2},                 // at the second `end`
  }};
  int steps = 0;
  for (const Death& death : kDeaths) {
    Set(0);
    data.set(0);
    TestPlatform::woken = 0;
    TestHooks::steps_to_live = ++steps;
    EXPECT_TRUE(Sim::run(true, body)) << steps;
    EXPECT_EQ(word(), death.word) << steps;
    EXPECT_EQ(data.get(), death.data) << steps;
    EXPECT_EQ(TestPlatform::woken, death.woken) << steps;
  }
  Set(0);
  TestHooks::steps_to_live = ++steps;
  EXPECT_FALSE(Sim::run(true, body));
}

}  // namespace
}  // namespace heddle
