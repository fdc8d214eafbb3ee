// SPDX-License-Identifier: Apache-2.0
#include "stress/harness.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <numeric>
#include <source_location>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "checkers/scenario/description.h"
#include "checkers/scenario/verdict.h"
#include "primitives/std_platform.h"
#include "stress/affinity.h"
#include "stress/failure.h"
#include "stress/heap.h"
#include "stress/mode.h"
#include "stress/noise.h"
#include "stress/pressure.h"
#include "stress/random.h"
#include "stress/topology.h"
#include "stress/tsan_report.h"

namespace heddle::stress {
namespace {

using Clock = std::chrono::steady_clock;

// A round is cut short after this long.
constexpr std::chrono::milliseconds kRound{4};

// More than what the harness's own functions need of the stack between two calls of a scenario.
constexpr std::size_t kGap = 8192;

// Calls into the scenario. Broken code may write to frames that it has left, now or when its thread
// is back in the harness; it must not find anything of the harness there, or this one would hang.
// So the scenario's frames are far below, and its functions save no register that is needed.
template <class Call>
[[gnu::noinline]] void Guarded(const Scenario& scenario, Call call) {
  __builtin_unwind_init();  // saves them all here
  std::array<std::byte, kGap> gap;
  asm volatile("" : : "r"(gap.data()) : "memory");
  try {
    call();
  } catch (const std::exception& error) {
    Fail(Verdict::kCrash, std::string("uncaught exception: ") + error.what(), scenario.where);
  } catch (...) {
    Fail(Verdict::kCrash, "uncaught exception", scenario.where);
  }
}

void Skew(Random& random) {
  const std::uint32_t kind = random.Below(8);
  if (kind < 4) return;
  const std::uint32_t turns = random.Below(kind == 7 ? 4096 : 128);
  for (std::uint32_t i = 0; i < turns; ++i) asm volatile("");
}

std::vector<std::unique_ptr<Worker>> MakeWorkers(int group, int count, std::size_t instances) {
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < count; ++i) workers.push_back(std::make_unique<Worker>(group, i, instances));
  return workers;
}

std::vector<Neighbours::Target> TargetsOf(const std::vector<std::unique_ptr<Worker>>& workers) {
  std::vector<Neighbours::Target> targets;
  for (const auto& worker : workers) {
    targets.push_back({.tid = &worker->tid, .progress = &worker->progress});
  }
  return targets;
}

std::size_t InstancesOf(const Scenario& scenario) {
  return static_cast<std::size_t>(std::max(1, scenario.stress.instances));
}

}  // namespace

Group::Group(const Scenario& scenario, const Settings& settings, int number)
    : scenario_(scenario),
      settings_(settings),
      number_(number),
      workers_(MakeWorkers(number, scenario.threads, InstancesOf(scenario))),
      barrier_(scenario.threads),
      ranks_(workers_.size()),
      neighbours_(TargetsOf(workers_)) {
  for (std::size_t i = 0; i < InstancesOf(scenario); ++i) {
    instances_.push_back(std::make_unique<Instance>());
  }
}

Group::~Group() {
  // Some were built and not run: what their destructors expect has not happened.
  for (const auto& instance : instances_) {
    [[maybe_unused]] ScenarioBody* left = instance->body.release();
  }
}

void Group::Start(Clock::time_point start) {
  start_ = start;
  for (const auto& worker : workers_) {
    worker->handle = std::thread([this, self = worker.get()] { Work(*self); });
  }
}

void Group::Join() {
  for (const auto& worker : workers_) worker->handle.join();
}

void Group::Work(Worker& self) {
  self.tid.store(static_cast<pid_t>(syscall(SYS_gettid)), std::memory_order_relaxed);
  self.context.Adopt();
  AdoptStackSlot(&self.stack, self.signal_stack.data());
  prctl(PR_SET_TIMERSLACK, 1);  // delays are as short as they say
  const bool first = self.context.thread() == 0;
  for (;;) {
    if (first) quit_ = !SetUp(self);
    Meet(self);
    if (quit_) break;
    RunParts(self);
    Meet(self);
    if (first) TearDown(self);
  }
  if (first) {
    done_.store(true, std::memory_order_release);
    WakeSupervisor();
  }
}

void Group::Meet(Worker& self) {
  self.waiting.store(true, std::memory_order_relaxed);
  barrier_.Wait();
  self.waiting.store(false, std::memory_order_relaxed);
}

std::uint64_t Group::Seed(std::uint64_t what) const {
  Random random(settings_.seed);
  return Random(random.Next() ^ round_ * 1024 ^ static_cast<std::uint64_t>(number_) << 40 ^ what)
      .Next();
}

// The next round goes to the mode that had the least time. Each gets one at least, if that does not
// take very long; what has not run at all runs, however late it is.
bool Group::SetUp(Worker& self) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto used_end = used_.begin() + static_cast<std::ptrdiff_t>(settings_.modes.size());
  const auto least = std::min_element(used_.begin(), used_end);
  const bool complete =
      *least > Clock::duration::zero() || (round_ > 0 && elapsed > 4 * settings_.seconds);
  if (HasFailed() || HasTsanReport() || (elapsed >= settings_.seconds && complete)) {
    neighbours_.Set(Pressure::kNone);
    return false;
  }

  mode_index_ = static_cast<std::size_t>(least - used_.begin());
  mode_.store(settings_.modes[mode_index_], std::memory_order_relaxed);
  ++round_;
  Random random(Seed(1000));
  const Mode mode = settings_.modes[mode_index_];
  std::iota(ranks_.begin(), ranks_.end(), 0);
  for (std::size_t i = ranks_.size(); i > 1; --i) {
    std::swap(ranks_[i - 1], ranks_[random.Below(static_cast<std::uint32_t>(i))]);
  }
  places_ = Topology::Machine().Place(mode.affinity, scenario_.threads, random);
  neighbours_.Set(mode.pressure);
  for (const auto& worker : workers_) {
    worker->context.log().Clear();
    for (auto& begin : worker->begins) begin.store(Worker::kNotBegun, std::memory_order_relaxed);
  }
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    Instance& instance = *instances_[i];
    if (instance.body != nullptr) continue;
    instance.state.heap.Reset(random.Below(2) == 0);
    instance.state.deadlines.Reset(random.Next());
    self.context.Enter(&instance.state, i, false);
    Guarded(scenario_, [&] { instance.body = scenario_.make(); });
    if (HasFailed()) return false;
  }
  self.progress.fetch_add(1, std::memory_order_relaxed);
  round_start_ = Clock::now();
  return true;
}

// Starts the instance at the same moment as the other threads, unless worker 0 finds that the round
// has been long enough; then all of them get false. Relaxed looks only: the threads meet, but are
// not ordered by it.
bool Group::Await(Worker& self, std::uint64_t position) const {
  const Worker& first = *workers_[0];
  if (&self == &first && position > first_position_ && Clock::now() - round_start_ >= kRound) {
    self.position.store(position | kCut, std::memory_order_relaxed);
    return false;
  }
  self.position.store(position, std::memory_order_relaxed);
  const Waiting waiting = settings_.modes[mode_index_].waiting;
  const int spins = waiting == Waiting::kSpin ? 200 : 0;
  const int yields = waiting == Waiting::kSleep ? 0 : 20;
  bool goes_on = true;
  for (int i = 0;; ++i) {
    bool all = true;
    for (const auto& other : workers_) {
      const std::uint64_t there = other->position.load(std::memory_order_relaxed);
      if (there == (position | kCut)) goes_on = false;
      if ((there & ~kCut) < position) all = false;  // a later cut is none of this one's business
    }
    if (all || !goes_on) break;
    if (i < spins) {
      StdPlatform::pause();
    } else if (i < spins + yields) {
      sched_yield();
    } else {
      self.waiting.store(true, std::memory_order_relaxed);
      SleepMicroseconds(20);
    }
  }
  self.waiting.store(false, std::memory_order_relaxed);
  return goes_on;
}

void Group::RunParts(Worker& self) {
  const int thread = self.context.thread();
  const auto self_index = static_cast<std::size_t>(thread);
  const Mode mode = settings_.modes[mode_index_];
  if (!places_.empty()) BindToCpu(places_[self_index]);
  const bool nice = mode.pressure == Pressure::kNice;
  if (nice) SetNice(thread);
  Random skew(Seed(100 + static_cast<std::uint64_t>(thread)));
  self.context.noise().Start(mode, Seed(200 + static_cast<std::uint64_t>(thread)),
                             ranks_[self_index]);
  std::size_t i = 0;
  for (; i < instances_.size() && Await(self, first_position_ + i); ++i) {
    Skew(skew);
    self.begins[i].store(self.context.Enter(&instances_[i]->state, i, true),
                         std::memory_order_relaxed);
    Guarded(scenario_, [&] { instances_[i]->body->Thread(thread); });
    self.progress.fetch_add(1, std::memory_order_relaxed);
  }
  if (thread == 0) count_ = i;
  self.context.noise().Stop();
  if (nice) SetNice(0);
  if (mode.affinity != Placement::kNone) FreeFromCpu();
}

void Group::TearDown(Worker& self) {
  used_[mode_index_] += Clock::now() - round_start_;
  for (std::size_t i = 0; i < count_ && !HasFailed(); ++i) {
    Instance& instance = *instances_[i];
    self.context.Enter(&instance.state, i, false);
    Guarded(scenario_, [&] { instance.body->After(); });
    if (HasFailed()) break;
    Guarded(scenario_, [&] { instance.body.reset(); });
    executions_.fetch_add(1, std::memory_order_relaxed);
    std::string type;
    switch (instance.state.heap.AtEnd(type)) {
      case HeapError::kLeak:
        Fail(Verdict::kLeak, "an object of type " + type + " is never destroyed", scenario_.where);
        break;
      case HeapError::kWrittenAfterFree:
        Fail(Verdict::kUseAfterFree,
             "an object of type " + type + " was written to after its destruction",
             scenario_.where);
        break;
      default:
        break;
    }
  }
  self.progress.fetch_add(1, std::memory_order_relaxed);
  first_position_ += count_ + 1;  // a cut leaves its own position behind
}

}  // namespace heddle::stress
