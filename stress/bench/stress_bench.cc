// SPDX-License-Identifier: Apache-2.0
//
// What the stress harness itself costs, by scenarios that do nothing, and whether copies of one
// disturb each other: without a shared hot line two copies do twice as much as one. And what an
// operation of a scenario costs: to keep it in the log, and with all else that goes with it.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "checkers/scenario/scenario.h"
#include "stress/bench/harness.h"
#include "stress/context.h"
#include "stress/harness.h"
#include "stress/operation_log.h"
#include "stress/stress_platform.h"

namespace heddle {
namespace {

template <class P>
struct Nothing1 {
  static constexpr int kThreads = 1;
  void Thread(int /*index*/) {}
};
template <class P>
struct Nothing2 {
  static constexpr int kThreads = 2;
  void Thread(int /*index*/) {}
};
HEDDLE_SCENARIO("bench/nothing.1_thread", Nothing1);
HEDDLE_SCENARIO("bench/nothing.2_threads", Nothing2);

// Instances per second of all copies together, each one operation.
template <int kThreads, int kCopies>
void Instances(benchmark::State& state) {
  const Scenario& scenario = RegisteredScenarios()[kThreads - 1];
  const stress::Settings settings{.seconds = 0.3};
  for ([[maybe_unused]] auto once : state) {
    std::vector<std::unique_ptr<stress::Group>> copies;
    for (int i = 0; i < kCopies; ++i) {
      copies.push_back(std::make_unique<stress::Group>(scenario, settings, i));
    }
    const auto start = std::chrono::steady_clock::now();
    for (const auto& copy : copies) copy->Start(start);
    for (const auto& copy : copies) copy->Join();
    bench::Work work;
    work.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (const auto& copy : copies) work.operations.push_back(copy->executions());
    bench::Publish(state, work);
  }
}

void LogOperation(benchmark::State& state) {
  static stress::OperationLog log;
  std::uint64_t value = 0;
  for ([[maybe_unused]] auto once : state) {
    log.Add("load", stress::Location::current());
    benchmark::DoNotOptimize(++value);
    log.SetResult(value);
  }
}

void LookAtTheTicks(benchmark::State& state) {
  std::uint64_t value = 0;
  for ([[maybe_unused]] auto once : state) {
    benchmark::DoNotOptimize(stress::Ticks());
    benchmark::DoNotOptimize(++value);
  }
}

void LoadInScenario(benchmark::State& state) {
  static stress::ThreadContext context(0, 0);  // for good: this thread will not forget it
  static stress::InstanceState instance;
  static StressPlatform::Atomic<int> value{0};
  context.Adopt();
  context.Enter(&instance, 0, true);
  for ([[maybe_unused]] auto once : state) {
    benchmark::DoNotOptimize(value.load(std::memory_order_acquire));
  }
}

void Load(benchmark::State& state) {
  static std::atomic<int> value{0};
  for ([[maybe_unused]] auto once : state) {
    benchmark::DoNotOptimize(value.load(std::memory_order_acquire));
  }
}

[[maybe_unused]] const bool kRegistered = [] {
  using bench::RegisterPair;
  using bench::Timing;
  RegisterPair("stress/empty_instances", Timing::kFixed, {"2_copies", Instances<1, 2>},
               {"1_copy", Instances<1, 1>});
  // As many as the machine has processors for.
  const unsigned processors = std::thread::hardware_concurrency();
  if (processors >= 4) {
    RegisterPair("stress/empty_instances", Timing::kFixed, {"4_copies", Instances<1, 4>},
                 {"1_copy", Instances<1, 1>});
  }
  if (processors >= 16) {
    RegisterPair("stress/empty_instances", Timing::kFixed, {"16_copies", Instances<1, 16>},
                 {"1_copy", Instances<1, 1>});
  }
  if (processors >= 64) {
    RegisterPair("stress/empty_instances", Timing::kFixed, {"64_copies", Instances<1, 64>},
                 {"1_copy", Instances<1, 1>});
  }
  RegisterPair("stress/rendezvous", Timing::kFixed, {"2_threads", Instances<2, 1>},
               {"1_thread", Instances<1, 1>});
  RegisterPair("stress/log_operation", Timing::kLoop, {"operation_log", LogOperation},
               {"time_stamp", LookAtTheTicks});
  RegisterPair("stress/atomic_load", Timing::kLoop, {"in_scenario", LoadInScenario},
               {"std_atomic", Load});
  return true;
}();

}  // namespace
}  // namespace heddle
