// SPDX-License-Identifier: Apache-2.0
//
// Runs a scenario on real threads, round after round. A round: one thread builds some instances;
// all threads are released together and each does its part of every instance, in the same order;
// they meet; one thread runs After() and the destructor of each instance.
#ifndef HEDDLE_STRESS_HARNESS_H_
#define HEDDLE_STRESS_HARNESS_H_

#include <pthread.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "checkers/scenario/description.h"
#include "primitives/platform.h"
#include "stress/barrier.h"
#include "stress/context.h"
#include "stress/mode.h"
#include "stress/pressure.h"
#include "stress/random.h"
#include "stress/stacks.h"

namespace heddle::stress {

inline constexpr std::size_t kMaxModes = 32;

struct Settings {
  std::vector<Mode> modes = {Mode{}};  // at most kMaxModes, taken in turns
  int oversubscribe = 0;               // copies of the whole set of threads, beside the first
  double seconds = 0.2;
  std::uint64_t seed = 1;
};

// A thread of the scenario. What another thread may read meanwhile is atomic, and relaxed: the
// harness must not order the scenario's threads.
struct alignas(kCacheLine) Worker {
  Worker(int group, int thread, std::size_t instances)
      : context(group, thread), begins(instances + 1) {}

  // Of that instance of the round, as numbers of context.log(): from the first to before the
  // second.
  std::pair<std::uint64_t, std::uint64_t> OperationsOf(std::size_t instance) const {
    if (instance + 1 >= begins.size()) return {0, 0};
    const std::uint64_t begin = begins[instance].load(std::memory_order_relaxed);
    const std::uint64_t end = begins[instance + 1].load(std::memory_order_relaxed);
    return {begin, std::min(end, context.log().count())};
  }

  ThreadContext context;
  StackSlot stack;
  std::array<std::byte, kSignalStack> signal_stack{};
  std::atomic<pid_t> tid{0};
  std::atomic<std::uint64_t> position{
      0};  // the instance it is about to do, counted from the beginning
  std::atomic<std::uint64_t> progress{0};  // grows with every part, set-up and tear-down completed
  std::atomic<bool> waiting{false};        // for the other threads: it is for them to make progress
  // Where the instances of this round begin in the log; those to come: kNotBegun.
  static constexpr std::uint64_t kNotBegun = ~std::uint64_t{0};
  std::vector<std::atomic<std::uint64_t>> begins;
  std::thread handle;
};

// The threads of one copy of the scenario.
class Group {
 public:
  Group(const Scenario& scenario, const Settings& settings, int number);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  void Start(std::chrono::steady_clock::time_point start);
  void Join();
  bool done() const { return done_.load(std::memory_order_acquire); }
  std::uint64_t executions() const { return executions_.load(std::memory_order_relaxed); }
  Mode mode() const { return mode_.load(std::memory_order_relaxed); }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

 private:
  struct Instance {
    std::unique_ptr<ScenarioBody> body;
    InstanceState state;
  };
  // In worker 0's position: the round ends before that instance.
  static constexpr std::uint64_t kCut = std::uint64_t{1} << 63;

  void Work(Worker& self);
  void Meet(Worker& self);
  // False when there is to be no further round.
  bool SetUp(Worker& self);
  void RunParts(Worker& self);
  void TearDown(Worker& self);
  bool Await(Worker& self, std::uint64_t position) const;
  std::uint64_t Seed(std::uint64_t what) const;

  const Scenario& scenario_;
  const Settings& settings_;
  const int number_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point round_start_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Instance>> instances_;
  Barrier<> barrier_;
  // Written by worker 0 between barriers.
  std::uint64_t round_ = 0;
  std::uint64_t first_position_ = 1;
  std::size_t mode_index_ = 0;
  std::vector<int> ranks_;   // of the threads, for noise that treats them unequally
  std::vector<int> places_;  // the threads' processors; empty: wherever the kernel puts them
  std::size_t count_ = 0;    // instances run in this round
  std::array<std::chrono::steady_clock::duration, kMaxModes> used_{};
  bool quit_ = false;
  std::atomic<Mode> mode_{};
  std::atomic<std::uint64_t> executions_{0};
  std::atomic<bool> done_{false};
  Neighbours neighbours_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_HARNESS_H_
