// SPDX-License-Identifier: Apache-2.0
//
// The patterns against the general search, on histories too long for trying all orders; and that
// their cost grows as they promise.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/brute_force.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/linearizability/specs/registers.h"
#include "gtest/gtest.h"

namespace heddle::linearizability {
namespace {

struct Agreement {
  int ok = 0;
  int violated = 0;
};

// `call` gets the number of calls so far. Results are `results` and what was pushed.
template <Spec S, class Call>
Agreement Compare(S spec, int histories, Shape shape, Call call,
                  const std::vector<Value>& results = {kNone, 1}) {
  Random random(4711);
  const ModelOf<S> model(spec);
  Agreement agreement;
  for (int i = 0; i < histories; ++i) {
    shape.processes = 2 + static_cast<int>(Below(random, 4));
    shape.operations = 10 + static_cast<int>(Below(random, 60));
    Value calls = 0;
    std::vector<Value> candidates = results;
    for (int v = 1; v <= shape.operations; ++v) candidates.push_back(1000 + v);
    S fresh = spec;
    const std::vector<Operation> all = RandomHistory(
        random, fresh, shape,
        [&](std::int32_t process) { return call(random, process, 1001 + calls++); }, candidates);
    Options options{.shrink_time = std::chrono::nanoseconds(0), .threads = 1};
    const absl::StatusOr<Result> fast = Check(all, model, options);
    options.fast = false;
    options.max_steps = 20'000;
    const absl::StatusOr<Result> searched = Check(all, model, options);
    EXPECT_TRUE(fast.ok() && searched.ok());
    EXPECT_EQ(fast->searched, 0U);
    if (searched->judgement == Judgement::kExhausted) continue;
    EXPECT_EQ(fast->judgement, searched->judgement) << "history " << i;
    if (testing::Test::HasFailure()) break;
    ++(fast->judgement == Judgement::kOk ? agreement.ok : agreement.violated);
  }
  EXPECT_GT(agreement.ok, histories / 5);
  EXPECT_GT(agreement.violated, histories / 20);
  return agreement;
}

Operation PushOrPop(Random& random, std::int32_t /*process*/, Value fresh) {
  Operation op;
  op.function = Below(random, 2) == 0 ? kPush : kPop;
  op.argument = fresh;
  return op;
}

constexpr Shape kNoCrashes{.pending_percent = 0};

TEST(Fast, Queue) { Compare(QueueSpec{}, 300, kNoCrashes, PushOrPop); }
TEST(Fast, Stack) { Compare(StackSpec{}, 600, kNoCrashes, PushOrPop); }
TEST(Fast, PerProducerQueue) { Compare(PerProducerQueueSpec{}, 500, kNoCrashes, PushOrPop); }

TEST(Fast, Register) {
  const auto call = [](Random& random, int, Value fresh) {
    Operation op;
    op.function = static_cast<std::int32_t>(Below(random, 3) == 0 ? RegisterSpec::kWrite
                                                                  : RegisterSpec::kRead);
    op.argument = fresh;
    return op;
  };
  Compare(RegisterSpec{.initial = 0}, 1500, Shape{}, call, {0, 1});
}

TEST(Fast, Mutex) {
  std::vector<bool> holds(8);
  Compare(MutexSpec{}, 1500, kNoCrashes,
          [&](Random& random, std::int32_t process, Value fresh) {
            if (fresh == 1001) holds.assign(8, false);
            Operation op;
            const auto self = static_cast<std::size_t>(process);
            if (holds[self]) {
              op.function = Below(random, 4) == 0 ? kTryLock : kUnlock;
              holds[self] = op.function != kUnlock;
            } else {
              op.function = kLock;
              holds[self] = true;
            }
            return op;
          },
          {0, 1});
}

// Pairs nested `depth` deep, again and again; the last pop comes too early in a wrong one.
std::vector<Operation> Nested(std::size_t count, std::size_t depth, bool wrong) {
  std::vector<Operation> all;
  Time now = 1;
  Value fresh = 0;
  while (all.size() < count) {
    std::vector<Value> inside;
    for (std::size_t i = 0; i < depth; ++i) {
      inside.push_back(fresh);
      all.push_back(
          {.function = kPush, .argument = fresh++, .result = 1, .invoke = now, .done = now + 1});
      now += 2;
    }
    if (wrong && all.size() + depth >= count) std::swap(inside[0], inside[depth / 2]);
    while (!inside.empty()) {
      all.push_back({.function = kPop, .result = inside.back(), .invoke = now, .done = now + 1});
      inside.pop_back();
      now += 2;
    }
  }
  return all;
}

TEST(Fast, StacksOfAnyDepth) {
  for (const std::size_t depth : {1U, 2U, 1000U, 50'000U}) {
    for (const bool wrong : {false, true}) {
      if (wrong && depth < 2) continue;
      const std::clock_t begin = std::clock();
      const absl::StatusOr<Result> result =
          Check(Nested(100'000, depth, wrong), ModelOf(StackSpec{}),
                {.shrink_time = std::chrono::nanoseconds(0)});
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(result->judgement, wrong ? Judgement::kViolated : Judgement::kOk);
      EXPECT_EQ(result->searched, 0U);
      // Of the processor's time: a quadratic one takes minutes for the deepest.
      EXPECT_LT(std::clock() - begin, 20 * CLOCKS_PER_SEC) << depth;
    }
  }
}

}  // namespace
}  // namespace heddle::linearizability
