// SPDX-License-Identifier: Apache-2.0
//
// A mode: one way to put a scenario's threads under pressure. Each finds bugs that the others are
// slow to find (modes_test.cc shows one for each).
#ifndef HEDDLE_STRESS_MODE_H_
#define HEDDLE_STRESS_MODE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stress/topology.h"

namespace heddle::stress {

// Delays at the scenario's platform operations.
enum class NoiseKind : std::uint8_t {
  kOff,
  kPauses,      // 0 to 300 us at one operation in some 25
  kBursts,      // full speed, then 4 to 12 operations in a row are delayed by 20 to 80 us each
  kSlowThread,  // one thread is delayed at every operation, the others run at full speed
  // Each thread is delayed at every operation, by its priority: the first not at all; after some
  // operations a thread becomes the last. After the probabilistic schedules of Burckhardt et al.
  // (ASPLOS 2010), with delays in place of a scheduler.
  kPriorities,
};

// How threads wait for each other before each instance: the sooner they come back, the closer
// together they start; the later, the colder their caches are.
enum class Waiting : std::uint8_t { kSpin, kYield, kSleep };

// What else happens on the machine.
enum class Pressure : std::uint8_t {
  kNone,
  kPreempt,  // threads are interrupted by signals, and give up their processor there
  kNice,     // threads have unequal priorities: nice values 0, 7, 14, 19
  kCpu,      // a neighbour on every processor computes
  kMemory,   // a neighbour on every processor streams through memory
};

struct Mode {
  NoiseKind noise = NoiseKind::kOff;
  Placement affinity = Placement::kNone;
  Waiting waiting = Waiting::kSpin;
  Pressure pressure = Pressure::kNone;
  friend bool operator==(const Mode&, const Mode&) = default;
};

std::string ToString(const Mode& mode);  // "noise=off", "noise=pauses,affinity=sweep"

// What a value of --noise, --affinity, --waiting, --pressure chooses from the portfolio. Each is a
// name, "portfolio" (whatever is in the short portfolio) or "all" (in the long one).
struct ModeChoice {
  std::string_view noise = "portfolio";
  std::string_view affinity = "portfolio";
  std::string_view waiting = "portfolio";
  std::string_view pressure = "portfolio";
};

// What is wrong with a choice: a name that is unknown, a place that the machine has not. Empty:
// nothing.
std::string WrongChoice(const ModeChoice& choice, const Topology& topology);

// The modes to run, in order; empty where a name is unknown. What the machine does not offer is
// left out of the portfolios, and would run unbound where it is named.
std::vector<Mode> ChooseModes(const ModeChoice& choice, const Topology& topology);

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_MODE_H_
