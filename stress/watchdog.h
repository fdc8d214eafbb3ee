// SPDX-License-Identifier: Apache-2.0
//
// Tells threads that will never go on from threads that are merely slow.
#ifndef HEDDLE_STRESS_WATCHDOG_H_
#define HEDDLE_STRESS_WATCHDOG_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkers/scenario/verdict.h"
#include "stress/harness.h"

namespace heddle::stress {

struct Hang {
  Verdict verdict = Verdict::kPass;  // kPass: none
  int group = 0;
  double seconds = 0;
  std::string detail;  // what each thread does
};

// Look()s now and then while the groups run. A group hangs when none of its threads completes
// anything for a while and
//   each unfinished one sleeps in the kernel and was not once scheduled meanwhile: a deadlock,
//     which no load of the machine can imitate, so the while is short;
//   or some use the processor, or sleep and wake, in vain: a livelock. Each must have used enough
//     of it to rule out that the machine is just busy.
class Watchdog {
 public:
  explicit Watchdog(const std::vector<std::unique_ptr<Group>>& groups);
  Hang Look();

 private:
  using Clock = std::chrono::steady_clock;

  struct Observed {
    bool asleep = false;
    std::uint64_t switches = 0;
    double processor_seconds = 0;
  };
  struct Watch {
    std::uint64_t progress = 0;
    Clock::time_point since;
    bool sampled = false;  // whether there is a baseline
    bool suspected = false;
    Clock::time_point baseline_time;
    std::vector<Observed> baseline;
  };
  enum class Activity { kAsleep, kBusy, kUnclear };

  static Observed Observe(const Worker& worker);
  static std::vector<Observed> ObserveAll(const Group& group);
  static Activity Judge(const Observed& before, const Observed& now);
  static std::string Describe(const Group& group, const std::vector<Observed>& now);

  const std::vector<std::unique_ptr<Group>>& groups_;
  std::vector<Watch> watches_;
};

// The last operations of a group's threads, for a report.
std::string RecentOperations(const Group& group);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_WATCHDOG_H_
