// SPDX-License-Identifier: Apache-2.0
#include "stress/affinity.h"

#include <sched.h>

#include <cstdint>
#include <vector>

namespace heddle::stress {
namespace {

struct Allowed {
  cpu_set_t set;
  std::vector<int> cpus;

  Allowed() {
    CPU_ZERO(&set);
    // Fails on machines with more processors than a cpu_set_t holds: then nothing is ever bound.
    if (sched_getaffinity(0, sizeof set, &set) != 0) return;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
};

const Allowed& AllowedSet() {
  static const Allowed allowed;
  return allowed;
}

}  // namespace

int AllowedCpus() {
  const auto count = static_cast<int>(AllowedSet().cpus.size());
  return count == 0 ? 1 : count;
}

void MoveToCpu(std::uint32_t index) {
  const Allowed& allowed = AllowedSet();
  if (index >= allowed.cpus.size()) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(allowed.cpus[index], &one);
  sched_setaffinity(0, sizeof one, &one);
}

void FreeFromCpu() {
  const Allowed& allowed = AllowedSet();
  if (!allowed.cpus.empty()) sched_setaffinity(0, sizeof allowed.set, &allowed.set);
}

}  // namespace heddle::stress
