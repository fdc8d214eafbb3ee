// SPDX-License-Identifier: Apache-2.0
//
// Where the processors that this process may use are: cores, sockets, memory nodes, as Linux tells
// in /sys/devices/system. How threads are placed decides which interleavings they show: two on one
// core only meet by preemption, two SMT siblings share a first-level cache, two sockets see each
// other's stores latest.
#ifndef HEDDLE_STRESS_TOPOLOGY_H_
#define HEDDLE_STRESS_TOPOLOGY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stress/random.h"

namespace heddle::stress {

struct Cpu {
  int id = 0;      // the kernel's number
  int core = 0;    // equal for SMT siblings of one socket
  int socket = 0;  // physical package
  int node = 0;    // memory node
};

enum class Placement : std::uint8_t {
  kNone,         // the kernel decides
  kSameCpu,      // all threads on one processor
  kSmtSiblings,  // on the processors of one core
  kOtherCore,    // on different cores of one socket, as far as there are enough
  kOtherSocket,  // neighbours on different sockets
  kSweep,        // threads change processors in the middle of their work
};

std::string_view ToString(Placement placement);  // "none", "same_cpu", "smt", "cores", "sockets"...
std::optional<Placement> PlacementFromName(std::string_view name);
inline constexpr Placement kPlacements[] = {Placement::kNone,        Placement::kSameCpu,
                                            Placement::kSmtSiblings, Placement::kOtherCore,
                                            Placement::kOtherSocket, Placement::kSweep};

// The kernel's list format: "0-3,8,10-11". Empty for what is no such list.
std::vector<int> ParseCpuList(std::string_view text);

class Topology {
 public:
  // Of the processors `allowed` under `root` (a copy of /sys/devices/system). What the files do not
  // say is taken for a core, or a socket, of its own respectively the only one.
  static Topology Read(const std::string& root, const std::vector<int>& allowed);
  // Of this process, as of the first call. At least one processor.
  static const Topology& Machine();

  const std::vector<Cpu>& cpus() const { return cpus_; }
  int sockets() const;
  int nodes() const;

  // Whether threads can be placed so, and differently from the other placements.
  bool Offers(Placement placement) const;
  // The processor of each of `threads` threads, by the kernel's number; drawn anew at each call.
  // Empty where nothing is to be bound: kNone, kSweep, and what the machine does not offer.
  std::vector<int> Place(Placement placement, int threads, Random& random) const;

 private:
  std::vector<Cpu> cpus_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_TOPOLOGY_H_
