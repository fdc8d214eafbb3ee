// SPDX-License-Identifier: Apache-2.0
//
// Counterexamples are small: none of their operations can be left out. And honest: what is left out
// together makes nothing wrong that was right.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/brute_force.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/judge.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/databases.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/linearizability/specs/registers.h"
#include "checkers/linearizability/specs/texts.h"
#include "gtest/gtest.h"

namespace heddle::linearizability {
namespace {

// However busy the machine is.
constexpr auto kNoHurry = std::chrono::hours(1);

using Call = std::function<Operation(Random&, std::int32_t)>;

std::vector<Operation> Select(const std::vector<Operation>& all,
                              const std::vector<std::size_t>& which) {
  std::vector<Operation> some;
  for (const std::size_t i : which) some.push_back(all[i]);
  return some;
}

Judgement Judge(const std::vector<Operation>& all, const Model& model) {
  const absl::StatusOr<Result> result =
      Check(all, model, {.shrink_time = std::chrono::nanoseconds(0), .threads = 1});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->judgement : Judgement::kExhausted;
}

// Random histories of values that come again and again. What is found wrong has `most_mean`
// operations on average.
template <Spec S>
void Try(S spec, const Call& call, const std::vector<Value>& candidates, int operations = 30,
         std::size_t most_mean = 5, const std::function<void(Operation&)>& spoil = nullptr) {
  Random random(20261122);
  const ModelOf<S> model(spec);
  int violated = 0;
  std::size_t sizes = 0;
  for (int i = 0; i < 150; ++i) {
    const Shape shape{.processes = 4, .operations = operations, .pending_percent = 20};
    S fresh = spec;
    const std::vector<Operation> all = RandomHistory(
        random, fresh, shape, [&](std::int32_t process) { return call(random, process); },
        candidates, spoil);
    const absl::StatusOr<Result> result =
        Check(all, model, {.shrink_time = kNoHurry, .threads = 1});
    EXPECT_TRUE(result.ok());
    if (!result.ok()) return;
    if (result->judgement == Judgement::kOk) {
      // Honest.
      for (std::size_t op = 0; op < all.size(); ++op) {
        const std::vector<Operation> rest = Select(all, LeaveOut(all, model, op));
        EXPECT_EQ(Judge(rest, model), Judgement::kOk) << "without operation " << op << " of\n"
                                                      << Print(all, model) << "there is left\n"
                                                      << Print(rest, model);
        if (testing::Test::HasFailure()) return;
      }
    }
    if (!result->violation) continue;
    EXPECT_TRUE(result->violation->shrunk);
    std::vector<Operation> minimal = Select(all, result->violation->minimal);
    ++violated;
    if (result->violation->sum) {
      minimal.push_back(*result->violation->sum);
      EXPECT_EQ(Judge(minimal, model), Judgement::kViolated) << Print(minimal, model);
      continue;
    }
    sizes += minimal.size();
    EXPECT_EQ(Judge(minimal, model), Judgement::kViolated) << Print(minimal, model);
    for (std::size_t op = 0; op < minimal.size(); ++op) {
      const std::vector<std::size_t> rest = LeaveOut(minimal, model, op);
      if (rest.empty()) continue;
      EXPECT_EQ(Judge(Select(minimal, rest), model), Judgement::kOk)
          << "operation " << op << " can be left out of\n"
          << Print(minimal, model);
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(violated, 5);
  EXPECT_LE(sizes, most_mean * static_cast<std::size_t>(violated));
}

Operation Of(std::int32_t function, Value argument = kNone) {
  Operation op;
  op.function = function;
  op.argument = argument;
  return op;
}

Value Some(Random& random, std::uint64_t bound) { return static_cast<Value>(Below(random, bound)); }

Call Calls(int functions, Value values, Value keys = 1) {
  return [=](Random& random, std::int32_t) {
    Operation op =
        Of(static_cast<std::int32_t>(Below(random, functions)), 1 + Some(random, values));
    if (keys > 1) op.key = Some(random, keys);
    op.expected = 1 + Some(random, values);
    return op;
  };
}

const std::vector<Value> kThree{kNone, 0, 1, 2, 3};

TEST(Shrink, Queue) { Try(QueueSpec{}, Calls(2, 3), kThree); }
TEST(Shrink, BoundedQueue) { Try(QueueSpec{.capacity = 3}, Calls(2, 3), kThree); }
TEST(Shrink, Stack) { Try(StackSpec{}, Calls(2, 3), kThree); }
TEST(Shrink, Deque) { Try(DequeSpec{}, Calls(4, 3), kThree); }
TEST(Shrink, ClosableQueue) {
  Try(ClosableQueueSpec{.capacity = 2}, Calls(5, 3),
      {ClosableQueueSpec::kRefused, ClosableQueueSpec::kClosed, 1, 2, 3}, 30, 5);
}
TEST(Shrink, RelaxedQueue) { Try(RelaxedQueueSpec{.k = 1}, Calls(2, 3), kThree, 16); }
TEST(Shrink, PerProducerQueue) { Try(PerProducerQueueSpec{}, Calls(2, 3), kThree, 16); }
TEST(Shrink, PriorityQueue) { Try(PriorityQueueSpec{}, Calls(2, 3), kThree); }
TEST(Shrink, Register) { Try(RegisterSpec{}, Calls(2, 3), kThree); }
TEST(Shrink, CasRegister) { Try(RegisterSpec{.initial = 1}, Calls(3, 3), kThree); }
TEST(Shrink, Set) { Try(SetSpec{}, Calls(3, 2), {0, 1}); }
TEST(Shrink, SetWithSize) { Try(SetSpec{}, Calls(4, 2), {0, 1, 2}); }
TEST(Shrink, SetThatIsReadAsAWhole) {
  const std::vector<std::vector<Value>> sets = {{}, {1}, {2}, {1, 2}};
  const Call some = Calls(4, 2);
  Try(SetSpec{.sets = &sets},
      [&some](Random& random, std::int32_t process) {
        Operation op = some(random, process);
        if (op.function == SetSpec::kSize) op.function = SetSpec::kRead;
        return op;
      },
      {0, 1, 2, 3});
}
TEST(Shrink, Map) { Try(MapSpec{}, Calls(5, 3, 2), kThree); }
TEST(Shrink, MapWithSize) { Try(MapSpec{}, Calls(6, 3, 2), kThree); }
TEST(Shrink, Counter) {
  Try(CounterSpec{}, Calls(3, 3), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 12, 6);
}
TEST(Shrink, Mutex) { Try(MutexSpec{}, Calls(3, 1), {0, 1}); }
TEST(Shrink, RwLock) { Try(RwLockSpec{}, Calls(6, 1), {0, 1}); }
TEST(Shrink, RecursiveMutex) { Try(RecursiveMutexSpec{.most = 2}, Calls(3, 1), {0, 1}); }
TEST(Shrink, Semaphore) { Try(SemaphoreSpec{.initial = 1}, Calls(3, 2), {0, 1}, 30, 12); }

TEST(Shrink, KeyValue) {
  Texts texts;
  std::vector<Value> all;
  for (const char* text : {"", "a", "b", "ab", "ba", "aa", "bb", "aab", "aba"}) {
    all.push_back(texts.Add(text));
  }
  Try(
      KeyValueSpec(&texts),
      [&](Random& random, std::int32_t) {
        const std::uint64_t kind = Below(random, 5);
        Operation op = Of(kind < 2   ? KeyValueSpec::kGet
                          : kind < 4 ? KeyValueSpec::kPut
                                     : KeyValueSpec::kAppend,
                          all[1 + Below(random, 2)]);
        op.key = 1;
        return op;
      },
      all);
}

// Of one to three accesses each.
void TryTransactions(const std::vector<Access>& accesses, TransactionSpec spec) {
  const auto some = [bound = accesses.size() - 2](Random& random) {
    return static_cast<Value>(Below(random, bound));
  };
  spec.accesses = &accesses;
  Random spoiling(8);
  Try(
      spec,
      [&](Random& random, std::int32_t) {
        Operation op;
        op.key = some(random);
        op.argument = 1 + Some(random, 3);
        return op;
      },
      {kNone}, 30, 6, [&](Operation& op) { op.key = some(spoiling); });
}

TEST(Shrink, Transactions) {
  Random values(7);
  std::vector<Access> accesses;
  for (int i = 0; i < 400; ++i) {
    accesses.push_back({.write = Below(values, 2) == 0,
                        .key = Some(values, 3),
                        .value = Below(values, 4) == 0 ? kNone : Some(values, 3)});
  }
  TryTransactions(accesses, {});
}

TEST(Shrink, TransactionsOfLists) {
  Texts texts;
  std::vector<Value> lists;
  for (const char* text : {"1 ", "2 ", "3 ", "1 2 ", "2 1 ", "1 1 ", "3 1 ", "2 1 3 "}) {
    lists.push_back(texts.Add(text));
  }
  Random values(7);
  std::vector<Access> accesses;
  for (int i = 0; i < 400; ++i) {
    Access access{.write = Below(values, 4) == 0, .list = true, .key = Some(values, 4)};
    access.value = access.write            ? lists[Below(values, 3)]
                   : Below(values, 3) == 0 ? kNone
                                           : lists[Below(values, lists.size())];
    accesses.push_back(access);
  }
  TryTransactions(accesses, {.texts = JoinedTexts(&texts)});
}

// What is summed up of a right history is right, whatever it is that asks.
template <Spec S>
void TrySums(S spec, const std::vector<Value>& candidates) {
  Random random(20261123);
  const ModelOf<S> model(spec);
  const auto deadline = std::chrono::steady_clock::time_point::max();
  int violated = 0;
  for (int i = 0; i < 500; ++i) {
    const Shape shape{.processes = 4, .operations = 25, .pending_percent = 20};
    S fresh = spec;
    const Call call = Calls(3, 3);
    const std::vector<Operation> all = RandomHistory(
        random, fresh, shape, [&](std::int32_t process) { return call(random, process); },
        candidates);
    const PartVerdict verdict = JudgePart(all, model, {}, {});
    const std::optional<Summed> summed = SumUp(all, model, {}, verdict, deadline);
    ASSERT_TRUE(summed);
    EXPECT_EQ(JudgePart(Select(all, model, *summed), model, {}, {}).result.judgement,
              verdict.result.judgement)
        << Print(all, model);
    if (verdict.result.judgement == Judgement::kOk) continue;
    ++violated;
    EXPECT_LE(summed->asking.size(), 6U) << Print(all, model);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(violated, 20);
}

TEST(Sums, Counter) { TrySums(CounterSpec{}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}); }
TEST(Sums, Semaphore) { TrySums(SemaphoreSpec{.initial = 1}, {0, 1}); }
TEST(Sums, NotWhereAPermitGetsLost) {
  const std::vector<Operation> all{{.function = SemaphoreSpec::kRelease, .invoke = 1, .done = 2}};
  const auto deadline = std::chrono::steady_clock::time_point::max();
  for (const SemaphoreSpec& spec : {SemaphoreSpec{.most = 1}, SemaphoreSpec{.merges = true}}) {
    EXPECT_FALSE(SumUp(all, ModelOf(spec), {}, {}, deadline));
  }
}

TEST(Sums, LongHistories) {
  std::vector<Operation> counter;
  for (Time i = 0; i < 3000; ++i) {
    counter.push_back({.process = static_cast<std::int32_t>(i % 4),
                       .function = i % 3 == 0 ? CounterSpec::kFetchAdd : CounterSpec::kAdd,
                       .argument = 1,
                       .result = static_cast<Value>(i),
                       .invoke = 4 * i + 1,
                       .done = 4 * i + 7});
  }
  counter.push_back({.process = 7,
                     .function = CounterSpec::kGet,
                     .result = 1997,
                     .invoke = 4 * 2000 + 2,
                     .done = 4 * 2000 + 3});
  const absl::StatusOr<Result> result =
      Check(counter, ModelOf(CounterSpec{}), {.shrink_time = kNoHurry, .threads = 1});
  ASSERT_TRUE(result.ok() && result->violation && result->violation->sum);
  const Violation& violation = *result->violation;
  EXPECT_TRUE(violation.shrunk);
  EXPECT_EQ(violation.stuck, counter.size() - 1);
  EXPECT_EQ(violation.sum->argument, 1999) << "too many for 1997";
  EXPECT_EQ(violation.before.size(), 1999U);
  EXPECT_LE(violation.minimal.size(), 3U);
}

// Of many operations, the ones that a pattern tells, with what they mean nothing without.
TEST(Shrink, LongHistories) {
  constexpr Time kPairs = 20'000;
  std::vector<Operation> queue;
  std::vector<Operation> mutex;
  for (Time i = 0; i < kPairs; ++i) {
    const auto value = static_cast<Value>(i);
    const Time begin = 6 * i;
    queue.push_back({.function = kPush,
                     .argument = value,
                     .result = 1,
                     .invoke = begin + 1,
                     .done = begin + 2});
    queue.push_back(
        {.process = 1, .function = kPop, .result = value, .invoke = begin + 3, .done = begin + 4});
    mutex.push_back({.function = kLock, .invoke = begin + 1, .done = begin + 2});
    mutex.push_back(
        {.process = 1, .function = kTryLock, .result = 0, .invoke = begin + 3, .done = begin + 4});
    mutex.push_back({.function = kUnlock, .invoke = begin + 5, .done = begin + 6});
  }
  const Time end = 6 * kPairs;
  queue.push_back(
      {.process = 1, .function = kPop, .result = 7, .invoke = end + 1, .done = end + 2});
  mutex.push_back(
      {.process = 1, .function = kTryLock, .result = 0, .invoke = end + 1, .done = end + 2});
  const absl::StatusOr<Result> twice =
      Check(queue, ModelOf(QueueSpec{}), {.shrink_time = kNoHurry, .threads = 1});
  ASSERT_TRUE(twice.ok() && twice->violation);
  EXPECT_TRUE(twice->violation->shrunk);
  EXPECT_EQ(twice->violation->minimal.size(), 3U) << "its push, and both pops";
  const absl::StatusOr<Result> refused =
      Check(mutex, ModelOf(MutexSpec{}), {.shrink_time = kNoHurry, .threads = 1});
  ASSERT_TRUE(refused.ok() && refused->violation);
  EXPECT_TRUE(refused->violation->shrunk);
  EXPECT_LE(refused->violation->minimal.size(), 3U);
}

}  // namespace
}  // namespace heddle::linearizability
