// SPDX-License-Identifier: Apache-2.0
//
// What recording an operation costs beside the two looks at the clock, and what judging a history
// costs per operation: a long one against a short one, keys apart against keys together.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "checkers/linearizability/check.h"
#include "checkers/linearizability/history.h"
#include "checkers/linearizability/recorder.h"
#include "checkers/linearizability/specs/containers.h"
#include "checkers/linearizability/specs/databases.h"
#include "checkers/linearizability/specs/registers.h"
#include "stress/bench/harness.h"

namespace heddle::bench {
namespace {

namespace lin = linearizability;

void RecordOperations(benchmark::State& state) {
  constexpr std::size_t kEach = 1 << 14;
  lin::Recorder recorder(1, kEach);
  std::size_t left = kEach;
  lin::Value value = 0;
  for (auto _ : state) {
    if (left-- == 0) {
      state.PauseTiming();
      recorder = lin::Recorder(1, kEach);
      left = kEach - 1;
      state.ResumeTiming();
    }
    lin::Recorder::Log& log = recorder.log(0);
    log.Invoke({.function = lin::kPush, .argument = value});
    benchmark::DoNotOptimize(++value);
    log.Return(1);
  }
}

void TwoLooksAtTheClock(benchmark::State& state) {
  lin::Value value = 0;
  for (auto _ : state) {
    auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(begin);
    benchmark::DoNotOptimize(++value);
    auto end = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(end);
  }
}

// Operations of a few threads that overlap: each takes effect at a time of its own, and begins and
// ends up to two operations earlier and later.
template <class Call>
std::vector<lin::Operation> Overlapping(std::size_t count, std::int32_t threads, Call call) {
  std::vector<lin::Operation> all;
  // Less than the distance of two operations of one thread.
  const auto spread = 50 * static_cast<lin::Time>(threads - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto effect = static_cast<lin::Time>(100 * i) + spread;
    lin::Operation op = call(i);
    op.process = static_cast<std::int32_t>(i % static_cast<std::size_t>(threads));
    op.invoke = effect - (i * 7919) % spread;
    op.done = effect + (i * 104729) % spread;
    all.push_back(op);
  }
  return all;
}

std::vector<lin::Operation> QueueHistory(std::size_t count, bool stack) {
  std::vector<lin::Value> inside;
  std::size_t front = 0;
  lin::Value next = 0;
  std::uint64_t random = 88172645463325252U;
  return Overlapping(count, 4, [&](std::size_t) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    lin::Operation op;
    if (random % 2 == 0) {
      op.function = lin::kPush;
      op.argument = next;
      op.result = 1;
      inside.push_back(next++);
    } else {
      op.function = lin::kPop;
      if (front == inside.size()) return op;
      op.result = stack ? inside.back() : inside[front++];
      if (stack) inside.pop_back();
    }
    return op;
  });
}

std::vector<lin::Operation> RegisterHistory(std::size_t count, lin::Value keys) {
  std::vector<lin::Value> values(static_cast<std::size_t>(keys), lin::kNone);
  return Overlapping(count, 8, [&](std::size_t i) {
    lin::Operation op;
    op.key = static_cast<lin::Value>(i * 31 % static_cast<std::size_t>(keys));
    lin::Value& value = values[static_cast<std::size_t>(op.key)];
    op.function = i % 3 == 0 ? lin::RegisterSpec::kWrite : lin::RegisterSpec::kRead;
    if (i % 3 == 0) {
      value = op.argument = static_cast<lin::Value>(i % 5);  // values come again
    } else {
      op.result = value;
    }
    return op;
  });
}

// Gets, puts and appends of texts that come once, as tests of databases do; `stale`: a get late in
// the history misses what was appended last.
std::vector<lin::Operation> KeyValueHistory(lin::Texts& texts, std::size_t count,
                                            std::int32_t clients, bool stale) {
  constexpr std::size_t kKeys = 10;
  std::vector<std::string> values(kKeys);
  std::vector<std::string> before(kKeys);
  return Overlapping(count, clients, [&](std::size_t i) {
    const std::size_t key = i * 7 / 3 % kKeys;
    std::string& value = values[key];
    lin::Operation op;
    op.key = static_cast<lin::Value>(key);
    if (i % 3 == 0) {
      op.function = lin::KeyValueSpec::kGet;
      const bool wrong = stale && i + 60 > count && before[key] != value;
      op.result = texts.Add(wrong ? before[key].substr(before[key].size() / 2) : value);
      return op;
    }
    const std::string text = "x " + std::to_string(i) + " y";
    before[key] = value;
    if (i % 17 == 1) value.clear();
    op.function = i % 17 == 1 ? lin::KeyValueSpec::kPut : lin::KeyValueSpec::kAppend;
    value += text;
    op.argument = texts.Add(text);
    return op;
  });
}

template <lin::Spec S>
auto Judge(S spec, std::vector<lin::Operation> history, bool divide = true,
           lin::Judgement expected = lin::Judgement::kOk) {
  return [=, model = lin::ModelOf<S>(spec)](benchmark::State& state) {
    // One thread: what it costs, not how it is divided.
    const lin::Options options{
        .divide = divide, .shrink_time = std::chrono::nanoseconds(0), .threads = 1};
    for (auto _ : state) {
      Publish(state, RunThreads(1, [&](int, const Stop& stop) {
                std::uint64_t operations = 0;
                while (!stop.load(std::memory_order_relaxed)) {
                  const absl::StatusOr<lin::Result> result = lin::Check(history, model, options);
                  if (!result.ok() || result->judgement != expected) {
                    state.SkipWithError("a wrong verdict");
                    return operations;
                  }
                  operations += history.size();
                }
                return operations;
              }));
    }
  };
}

[[maybe_unused]] const bool kRegistered = [] {
  RegisterPair("linearizability/record", Timing::kLoop, {"recorder", RecordOperations},
               {"two_clock_reads", TwoLooksAtTheClock});
  RegisterPair("linearizability/queue", Timing::kFixed,
               {"of_100000", Judge(lin::QueueSpec{}, QueueHistory(100'000, false))},
               {"of_1000", Judge(lin::QueueSpec{}, QueueHistory(1000, false))});
  RegisterPair("linearizability/stack", Timing::kFixed,
               {"of_100000", Judge(lin::StackSpec{}, QueueHistory(100'000, true))},
               {"of_1000", Judge(lin::StackSpec{}, QueueHistory(1000, true))});
  const auto registers = RegisterHistory(10'000, 100);
  RegisterPair("linearizability/10000_operations_on_100_registers", Timing::kFixed,
               {"divided", Judge(lin::RegisterSpec{}, registers)},
               {"together", Judge(lin::RegisterSpec{}, registers, false)});
  static lin::Texts texts;  // as long as its histories
  const lin::KeyValueSpec store(&texts);
  const auto few = KeyValueHistory(texts, 337, 10, false);
  RegisterPair("linearizability/key_value_store_of_10_clients", Timing::kFixed,
               {"divided", Judge(store, few)}, {"together", Judge(store, few, false)});
  RegisterPair("linearizability/key_value_store_of_50_clients", Timing::kFixed,
               {"right", Judge(store, KeyValueHistory(texts, 1712, 50, false))},
               {"wrong", Judge(store, KeyValueHistory(texts, 2024, 50, true), true,
                               lin::Judgement::kViolated)});
  return true;
}();

}  // namespace
}  // namespace heddle::bench
