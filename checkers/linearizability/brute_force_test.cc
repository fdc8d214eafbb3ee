// SPDX-License-Identifier: Apache-2.0
//
// Every specification and every criterion against all orders of small random histories.
#include "checkers/linearizability/brute_force.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/databases.h"
#include "checkers/linearizability/specs/gates.h"
#include "checkers/linearizability/specs/locks.h"
#include "checkers/linearizability/specs/registers.h"
#include "checkers/linearizability/specs/texts.h"
#include "gtest/gtest.h"

namespace heddle::linearizability {
namespace {

constexpr int kHistories = 3000;

using Call = std::function<Operation(Random&, std::int32_t)>;

struct Seen {
  int ok = 0;
  int violated = 0;
  int fast = 0;
};

template <Spec S>
Seen CrossCheck(S spec, const Call& call, const std::vector<Value>& candidates, Shape shape = {},
                const std::function<void(Operation&)>& spoil = nullptr) {
  Random random(20260101);
  const ModelOf<S> model(spec);
  Seen seen;
  for (int i = 0; i < kHistories; ++i) {
    shape.operations = 1 + static_cast<int>(Below(random, 7));
    shape.processes = 1 + static_cast<int>(Below(random, 4));
    S fresh = spec;
    const std::vector<Operation> all = RandomHistory(
        random, fresh, shape, [&](std::int32_t process) { return call(random, process); },
        candidates, spoil);
    for (const Criterion criterion :
         {Criterion::kLinearizability, Criterion::kSequentialConsistency,
          Criterion::kQuiescentConsistency}) {
      const bool possible = SomeOrderIsPossible(all, fresh, criterion);
      for (int variant = 0; variant < 3; ++variant) {
        Options options{.criterion = criterion, .shrink_time = std::chrono::hours(1), .threads = 1};
        options.fast = variant == 0;
        options.divide = variant != 2;
        const absl::StatusOr<Result> result = Check(all, model, options);
        EXPECT_TRUE(result.ok()) << result.status();
        if (!result.ok()) return seen;
        EXPECT_EQ(result->judgement, possible ? Judgement::kOk : Judgement::kViolated)
            << "history " << i << ", criterion " << static_cast<int>(criterion) << ", variant "
            << variant << "\n"
            << Print(all, model);
        if (testing::Test::HasFailure()) return seen;
        if (variant == 0 && criterion == Criterion::kLinearizability) {
          ++(possible ? seen.ok : seen.violated);
          seen.fast += result->searched == 0 ? 1 : 0;
        }
        if (!result->violation) continue;
        // What is said to be wrong is wrong, and nothing of it can be left out.
        std::vector<Operation> minimal;
        for (const std::size_t at : result->violation->minimal) minimal.push_back(all[at]);
        if (criterion != Criterion::kQuiescentConsistency) {
          EXPECT_FALSE(SomeOrderIsPossible(minimal, fresh, criterion)) << Print(minimal, model);
        }
        EXPECT_TRUE(result->violation->shrunk);
        EXPECT_TRUE(result->violation->stuck.has_value());
      }
    }
  }
  EXPECT_GT(seen.ok, kHistories / 10);
  EXPECT_GT(seen.violated, kHistories / 50);
  return seen;
}

Operation Of(std::int32_t function, Value argument = kNone) {
  Operation op;
  op.function = function;
  op.argument = argument;
  return op;
}

Value Some(Random& random, std::uint64_t bound) { return static_cast<Value>(Below(random, bound)); }

std::vector<Value> Numbers(int count) {
  std::vector<Value> numbers{kNone};
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

Operation SomeRegisterCall(Random& random, int functions) {
  Operation op = Of(static_cast<std::int32_t>(Below(random, functions)), Some(random, 3));
  op.key = Some(random, 2);
  op.expected = Some(random, 3);
  return op;
}

TEST(BruteForce, Register) {
  CrossCheck(
      RegisterSpec{}, [](Random& random, int) { return SomeRegisterCall(random, 2); }, Numbers(3));
}

TEST(BruteForce, RegisterOfDistinctValues) {
  Value next = 0;
  const Seen seen = CrossCheck(
      RegisterSpec{.initial = 0},
      [&](Random& random, int) {
        return Of(static_cast<std::int32_t>(Below(random, 2)), next++ % 1000 + 1);
      },
      [] {
        std::vector<Value> numbers = Numbers(1001);
        return numbers;
      }());
  EXPECT_EQ(seen.fast, kHistories);
}

TEST(BruteForce, CasRegister) {
  CrossCheck(
      RegisterSpec{.initial = 0}, [](Random& random, int) { return SomeRegisterCall(random, 3); },
      Numbers(3));
}

TEST(BruteForce, Counter) {
  CrossCheck(
      CounterSpec{}, [](Random& random, int) { return SomeRegisterCall(random, 3); }, Numbers(6));
}

TEST(BruteForce, Map) {
  CrossCheck(
      MapSpec{}, [](Random& random, int) { return SomeRegisterCall(random, 6); }, Numbers(3));
}

TEST(BruteForce, MapWithoutSize) {
  CrossCheck(
      MapSpec{}, [](Random& random, int) { return SomeRegisterCall(random, 5); }, Numbers(3));
}

TEST(BruteForce, Set) {
  CrossCheck(
      SetSpec{},
      [](Random& random, int) {
        return Of(static_cast<std::int32_t>(Below(random, 4)), Some(random, 2));
      },
      Numbers(3));
}

TEST(BruteForce, WholeSets) {
  const std::vector<std::vector<Value>> sets = {{}, {0}, {1}, {0, 1}};
  CrossCheck(SetSpec{.sets = &sets},
             [](Random& random, int) {
               constexpr std::array kFunctions = {SetSpec::kAdd, SetSpec::kRemove, SetSpec::kRead};
               return Of(kFunctions[Below(random, kFunctions.size())], Some(random, 2));
             },
             {0, 1, 2, 3});
}

TEST(BruteForce, Deque) {
  CrossCheck(
      DequeSpec{.capacity = 3},
      [](Random& random, int) {
        return Of(static_cast<std::int32_t>(Below(random, 4)), Some(random, 3));
      },
      Numbers(3));
}

TEST(BruteForce, PriorityQueue) {
  CrossCheck(
      PriorityQueueSpec{},
      [](Random& random, int) {
        return Of(static_cast<std::int32_t>(Below(random, 2)), Some(random, 4));
      },
      Numbers(4));
}

// Values that come once: the patterns decide.
template <Spec S>
Seen CrossCheckContainer(S spec, Value values, int pending_percent) {
  Value next = 0;
  std::vector<Value> candidates{kNone};
  for (Value i = 1; i <= values; ++i) candidates.push_back(i);
  return CrossCheck(spec,
                    [&](Random& random, int) {
                      return Of(static_cast<std::int32_t>(Below(random, 2)), next++ % values + 1);
                    },
                    candidates, {.pending_percent = pending_percent});
}

TEST(BruteForce, Queue) { CrossCheckContainer(QueueSpec{}, 3, 10); }
TEST(BruteForce, BoundedQueue) { CrossCheckContainer(QueueSpec{.capacity = 2}, 3, 10); }
TEST(BruteForce, QueueOfDistinctValues) {
  EXPECT_EQ(CrossCheckContainer(QueueSpec{}, 16, 0).fast, kHistories);
}
TEST(BruteForce, QueueOfDistinctValuesWithCrashes) {
  EXPECT_GT(CrossCheckContainer(QueueSpec{}, 16, 60).fast, kHistories / 2);
}
TEST(BruteForce, Stack) { CrossCheckContainer(StackSpec{}, 3, 10); }
TEST(BruteForce, BoundedStack) { CrossCheckContainer(StackSpec{.capacity = 2}, 3, 10); }
TEST(BruteForce, StackOfDistinctValues) {
  EXPECT_EQ(CrossCheckContainer(StackSpec{}, 16, 0).fast, kHistories);
}
TEST(BruteForce, StackOfDistinctValuesWithCrashes) {
  EXPECT_GT(CrossCheckContainer(StackSpec{}, 16, 60).fast, kHistories / 2);
}
TEST(BruteForce, RelaxedQueue) { CrossCheckContainer(RelaxedQueueSpec{.k = 1}, 4, 30); }
TEST(BruteForce, PerProducerQueue) { CrossCheckContainer(PerProducerQueueSpec{}, 4, 30); }
TEST(BruteForce, PerProducerQueueOfDistinctValues) {
  EXPECT_EQ(CrossCheckContainer(PerProducerQueueSpec{}, 16, 0).fast, kHistories);
}

TEST(BruteForce, Mutex) {
  const Seen seen = CrossCheck(
      MutexSpec{},
      [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 3))); }, {0, 1});
  EXPECT_GT(seen.fast, kHistories / 2);
}

TEST(BruteForce, RwLock) {
  CrossCheck(RwLockSpec{},
             [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 6))); },
             {0, 1});
}

TEST(BruteForce, Semaphore) {
  CrossCheck(SemaphoreSpec{.initial = 1, .most = 3},
             [](Random& random, int) {
               return Of(static_cast<std::int32_t>(Below(random, 3)), 1 + Some(random, 2));
             },
             {0, 1});
}

TEST(BruteForce, MergingSemaphore) {
  CrossCheck(SemaphoreSpec{.initial = 0, .most = 1, .merges = true},
             [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 3))); },
             {0, 1});
}

TEST(BruteForce, RecursiveMutex) {
  CrossCheck(RecursiveMutexSpec{.most = 2},
             [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 3))); },
             {0, 1});
}

TEST(BruteForce, LockSet) {
  CrossCheck(LockSetSpec{},
             [](Random& random, int) {
               return Of(static_cast<std::int32_t>(Below(random, 3)), 1 + Some(random, 3));
             },
             {0, 1});
}

TEST(BruteForce, RankedMutexes) {
  CrossCheck(RankedMutexesSpec{},
             [](Random& random, int) {
               Operation op = Of(Below(random, 2) == 0 ? kLock : kUnlock);
               op.key = 1 + Some(random, 2);
               return op;
             },
             {0, 1});
}

TEST(BruteForce, ClosableQueue) {
  Value next = 0;
  CrossCheck(ClosableQueueSpec{.capacity = 2},
             [&](Random& random, int) {
               return Of(static_cast<std::int32_t>(Below(random, 5)), next++ % 4 + 1);
             },
             {ClosableQueueSpec::kRefused, ClosableQueueSpec::kClosed, 1, 2, 3, 4});
}

TEST(BruteForce, Event) {
  CrossCheck(EventSpec{},
             [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 3))); },
             {0, 1});
}

TEST(BruteForce, Latch) {
  CrossCheck(LatchSpec{.count = 2},
             [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 3))); },
             {0, 1});
}

TEST(BruteForce, Barrier) {
  Random spoiling(9);
  CrossCheck(
      BarrierSpec{.processes = 2},
      [](Random& random, int) { return Of(static_cast<std::int32_t>(Below(random, 2))); }, {0, 1},
      {},
      [&](Operation& op) {
        op.function = static_cast<std::int32_t>(Below(spoiling, 2));
        if (!op.pending()) op.result = Some(spoiling, 2);
      });
}

TEST(BruteForce, KeyValue) {
  Texts texts;
  std::vector<Value> all;
  for (const char* text : {"", "a", "b", "ab", "ba", "aa", "bb", "aab", "aba"}) {
    all.push_back(texts.Add(text));
  }
  CrossCheck(
      KeyValueSpec(&texts),
      [&](Random& random, int) {
        Operation op = Of(static_cast<std::int32_t>(Below(random, 3)), all[1 + Below(random, 2)]);
        op.key = Some(random, 2);
        return op;
      },
      all);
}

// Texts as they are, without numbers for them, and without taking any for the same.
struct PlainKeyValue {
  using State = std::map<Value, std::string>;

  const Texts* texts;

  State Initial() const { return {}; }
  bool Step(State& state, const Operation& op) const {
    std::string& text = state[op.key];
    if (op.function == KeyValueSpec::kGet) return op.pending() || Text(op.result) == text;
    if (op.function == KeyValueSpec::kPut) text.clear();
    text += Text(op.argument);
    return true;
  }
  std::string Text(Value value) const { return value == kNone ? "" : *texts->Text(value); }
};

TEST(BruteForce, KeyValueWithTextsThatNobodySees) {
  Texts texts;
  std::vector<Value> all{kNone};
  for (const char* text : {"a", "b", "ab", "ba", "aba"}) all.push_back(texts.Add(text));
  const ModelOf<KeyValueSpec> model{KeyValueSpec(&texts)};
  PlainKeyValue plain{&texts};
  Random random(20261123);
  int violated = 0;
  for (int i = 0; i < kHistories; ++i) {
    const Shape shape{.processes = 4, .operations = 8};
    const std::vector<Operation> history = RandomHistory(
        random, plain, shape,
        [&](std::int32_t) {
          const std::uint64_t kind = Below(random, 6);
          Operation op = Of(kind < 2   ? KeyValueSpec::kGet
                            : kind < 3 ? KeyValueSpec::kPut
                                       : KeyValueSpec::kAppend,
                            all[1 + Below(random, 2)]);
          op.key = 1;
          return op;
        },
        all);
    const bool possible = SomeOrderIsPossible(history, plain, Criterion::kLinearizability);
    const absl::StatusOr<Result> result =
        Check(history, model, {.shrink_time = std::chrono::nanoseconds(0), .threads = 1});
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(result->judgement, possible ? Judgement::kOk : Judgement::kViolated)
        << Print(history, model);
    violated += possible ? 0 : 1;
  }
  EXPECT_GT(violated, kHistories / 50);
}

TEST(BruteForce, Transactions) {
  // Of one to three accesses; what is read is made to agree by chance.
  std::vector<Access> accesses;
  Random values(7);
  for (int i = 0; i < 400; ++i) {
    accesses.push_back({.write = Below(values, 2) == 0,
                        .key = Some(values, 2),
                        .value = Some(values, 3) == 0 ? kNone : Some(values, 2)});
  }
  Random spoiling(8);
  CrossCheck(
      TransactionSpec{.accesses = &accesses},
      [](Random& random, int) {
        Operation op;
        op.key = Some(random, 397);
        op.argument = 1 + Some(random, 3);
        return op;
      },
      {kNone}, {}, [&](Operation& op) { op.key = Some(spoiling, 397); });
}

TEST(BruteForce, TransactionsOfLists) {
  Texts texts;
  std::vector<Value> lists;
  for (const char* text : {"1 ", "2 ", "1 2 ", "2 1 ", "1 1 ", "2 2 1 "}) {
    lists.push_back(texts.Add(text));
  }
  std::vector<Access> accesses;
  Random values(7);
  for (int i = 0; i < 400; ++i) {
    Access access{.write = Below(values, 3) == 0, .list = true, .key = Some(values, 2)};
    if (access.write) {
      access.value = lists[Below(values, 2)];
    } else if (Some(values, 3) != 0) {
      access.value = lists[Below(values, lists.size())];
    }
    accesses.push_back(access);
  }
  Random spoiling(8);
  CrossCheck(
      TransactionSpec{.accesses = &accesses, .texts = JoinedTexts(&texts)},
      [](Random& random, int) {
        Operation op;
        op.key = Some(random, 398);
        op.argument = 1 + Some(random, 2);
        return op;
      },
      {kNone}, {}, [&](Operation& op) { op.key = Some(spoiling, 398); });
}

}  // namespace
}  // namespace heddle::linearizability
