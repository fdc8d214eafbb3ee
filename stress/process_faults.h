// SPDX-License-Identifier: Apache-2.0
//
// Processes to harass, and what harasses them: for the fault tests of locks and queues between
// processes.
#ifndef HEDDLE_STRESS_PROCESS_FAULTS_H_
#define HEDDLE_STRESS_PROCESS_FAULTS_H_

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "primitives/process/process_testing.h"
#include "stress/faulty_steps.h"

namespace heddle::stress {

using process_testing::Channel;
using process_testing::Child;

// More steps than any protocol here has: the sweep ends when the fault is not reached.
inline constexpr int kMostSteps = 200;
// A process that hangs is killed after so long, which fails the test: far more than any takes on a
// machine that is busy with something else.
inline constexpr unsigned kWatchdogSeconds = 120;

inline std::uint32_t Number(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// A child that does not outlive the test, or a hang.
template <class Body>
std::unique_ptr<Child> Start(Body body) {
  return std::make_unique<Child>([body](Channel parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(kWatchdogSeconds);
    return body(parent);
  });
}

// A round for each step of a protocol, until the fault is not reached any more:
// round(step, when, reached). Returns the step of the last round.
template <class Round>
int Sweep(const std::string& what, Round round) {
  for (int step = 1; step < kMostSteps; ++step) {
    bool reached = false;
    round(step, what + " at step " + std::to_string(step), reached);
    if (!reached) return step;
  }
  ADD_FAILURE() << "no end after " << kMostSteps << " steps";
  return kMostSteps;
}

class ProcessFaultTest : public testing::Test {
 protected:
  void SetUp() override { TearDown(); }
  void TearDown() override {
    FaultySteps::Disarm();
    JumpingClock::jump = std::chrono::seconds(0);
  }

  // Ends with 0 if it comes to the end, having been killed at `step` otherwise.
  static bool Killed(Child& victim, const std::string& when) {
    const int status = victim.wait();
    EXPECT_TRUE(status == 0 || status == 128 + SIGKILL) << when << ": " << status;
    return status != 0;
  }
  // Waits until it has stopped; false: it has ended instead.
  static bool Stops(const Child& child) {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WEXITED | WNOWAIT),
              0);
    return info.si_code == CLD_STOPPED;
  }
  // Without taking its status.
  static void AwaitEnd(const Child& child) {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  }
};

// Processes at work that are killed, stopped and continued, and interrupted, at random moments.
// HEDDLE_SEED chooses them, HEDDLE_FAULT_SECONDS for how long (2).
//   int Work(int place)   of a process, up to `size` at a time; returns if it finds something wrong
template <class Work>
class Mob {
 public:
  Mob(int size, Work work) : work_(std::move(work)), random_(seed_) {
    struct sigaction action{};
    action.sa_handler = OnSignal;          // without SA_RESTART: every wait in the kernel ends
    sigaction(SIGUSR1, &action, nullptr);  // and of all children
    for (int place = 0; place < size; ++place) workers_.push_back(Launch(place));
  }

  // Harasses them for a while, until it was enough, and then kills them all.
  template <class Enough>
  void Run(Enough enough) {
    SCOPED_TRACE("HEDDLE_SEED=" + std::to_string(seed_));
    const auto start = std::chrono::steady_clock::now();
    const auto end = start + std::chrono::seconds(Number("HEDDLE_FAULT_SECONDS", 2));
    while (std::chrono::steady_clock::now() < end ||
           (!enough() && std::chrono::steady_clock::now() <
                             start + std::chrono::seconds(kWatchdogSeconds) / 2)) {
      const auto place = random_() % workers_.size();
      const pid_t pid = workers_[place]->pid();
      switch (random_() % 4) {
        case 0:
          EXPECT_EQ(workers_[place]->kill(), 128 + SIGKILL);
          ++killed_;
          workers_[place] = Launch(static_cast<int>(place));
          break;
        case 1:
          ::kill(pid, SIGSTOP);
          Pass();
          ::kill(pid, SIGCONT);
          break;
        default:  // a storm
          for (int i = 0; i < 50; ++i) ::kill(pid, SIGUSR1);
          break;
      }
      Pass();
    }
    for (const std::unique_ptr<Child>& worker : workers_) {
      EXPECT_EQ(worker->kill(), 128 + SIGKILL) << "it found something wrong";
      ++killed_;
    }
  }
  int killed() const { return killed_; }

 private:
  static void OnSignal(int /*signal*/) {}

  std::unique_ptr<Child> Launch(int place) {
    return Start([this, place](Channel) { return work_(place); });
  }
  // Up to a millisecond, in which they get somewhere.
  void Pass() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random_() % 1000);
    while (std::chrono::steady_clock::now() < end) sched_yield();
  }

  Work work_;
  std::uint32_t seed_ = Number("HEDDLE_SEED", 1);
  std::minstd_rand random_;
  std::vector<std::unique_ptr<Child>> workers_;
  int killed_ = 0;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_PROCESS_FAULTS_H_
