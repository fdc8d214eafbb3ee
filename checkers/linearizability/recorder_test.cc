// SPDX-License-Identifier: Apache-2.0
#include "checkers/linearizability/recorder.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/registers.h"
#include "gtest/gtest.h"
#include "primitives/queue/mpmc_ring.h"

namespace heddle::linearizability {
namespace {

// body(thread, log) in each thread, started together.
template <class Body>
History Record(int threads, Body body) {
  Recorder recorder(threads);
  std::atomic<int> waiting{threads};
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&, i] {
      waiting.fetch_sub(1);
      while (waiting.load() != 0) std::this_thread::yield();
      body(i, recorder.log(i));
    });
  }
  for (std::thread& thread : all) thread.join();
  return recorder.Take();
}

TEST(Recorder, KeepsEveryOperationInItsThreadsOrder) {
  constexpr int kEach = 10'000;  // more than a chunk
  const History history = Record(3, [](int, Recorder::Log& log) {
    for (int i = 0; i < kEach; ++i) {
      log.Invoke({.function = 7, .key = 1, .argument = i});
      log.Return(2 * i);
    }
  });
  ASSERT_EQ(history.operations.size(), 3U * kEach);
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const Operation& op = history.operations[i];
    EXPECT_EQ(op.process, static_cast<std::int32_t>(i / kEach));
    EXPECT_EQ(op.argument, static_cast<Value>(i % kEach));
    EXPECT_EQ(op.result, 2 * op.argument);
    EXPECT_EQ(op.function, 7);
    EXPECT_LE(op.invoke, op.done);
    if (op.argument != 0) EXPECT_LE(history.operations[i - 1].done, op.invoke);
  }
}

TEST(Recorder, WhatDidNotReturnIsPending) {
  Recorder recorder(2, 10);
  recorder.log(0).Invoke({.function = kPush, .argument = 1});
  recorder.log(1).Invoke({.function = kPop});
  recorder.log(1).Return(1);
  const History history = recorder.Take();
  ASSERT_EQ(history.operations.size(), 2U);
  EXPECT_TRUE(history.operations[0].pending());
  EXPECT_EQ(Check(history, QueueSpec{})->judgement, Judgement::kOk);
  EXPECT_TRUE(recorder.Take().operations.empty());
}

// A queue that works.
TEST(Recorder, RealQueueIsLinearizable) {
  constexpr int kEach = 5'000;
  MpmcRing<Value> ring(64);
  const History history = Record(4, [&](int thread, Recorder::Log& log) {
    for (int i = 0; i < kEach; ++i) {
      const Value value = Value{thread} * kEach + i;
      // One that finds the ring full or empty may do so only because another is unfinished: what
      // is not recorded did not happen.
      if (i % 2 == 0) {
        log.Invoke({.function = kPush, .argument = value});
        while (!ring.try_push(value)) std::this_thread::yield();
        log.Return(1);
      } else {
        log.Invoke({.function = kPop});
        std::optional<Value> popped;
        while (!(popped = ring.try_pop())) std::this_thread::yield();
        log.Return(*popped);
      }
    }
  });
  const absl::StatusOr<Result> result = Check(history, QueueSpec{});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->judgement, Judgement::kOk);
  EXPECT_EQ(result->searched, 0U);
}

// A counter that loses increments: each is a load and a store.
TEST(Recorder, LostUpdatesAreFound) {
  std::atomic<Value> counter{0};
  std::atomic<int> turn{0};
  const History history = Record(2, [&](int thread, Recorder::Log& log) {
    log.Invoke({.function = CounterSpec::kFetchAdd, .argument = 1});
    const Value before = counter.load();
    // Both have loaded before either stores.
    turn.fetch_add(1);
    while (turn.load() < 2) std::this_thread::yield();
    counter.store(before + 1);
    log.Return(before);
    static_cast<void>(thread);
  });
  const absl::StatusOr<Result> result = Check(history, CounterSpec{});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->judgement, Judgement::kViolated);
  EXPECT_EQ(result->violation->minimal.size(), 2U);
}

}  // namespace
}  // namespace heddle::linearizability
