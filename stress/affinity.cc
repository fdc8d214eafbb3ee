// SPDX-License-Identifier: Apache-2.0
#include "stress/affinity.h"

#include <sched.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::stress {
namespace {

// A cpu_set_t ends at 1024 processors; the kernel's set may be larger.
class CpuSet {
 public:
  explicit CpuSet(std::size_t cpus) : words_((cpus + kWordBits - 1) / kWordBits) {}

  bool Has(std::size_t cpu) const { return (words_[cpu / kWordBits] >> cpu % kWordBits & 1) != 0; }
  void Add(std::size_t cpu) { words_[cpu / kWordBits] |= 1UL << cpu % kWordBits; }
  std::size_t capacity() const { return words_.size() * kWordBits; }
  std::size_t bytes() const { return words_.size() * sizeof(unsigned long); }
  cpu_set_t* get() { return reinterpret_cast<cpu_set_t*>(words_.data()); }
  const cpu_set_t* get() const { return reinterpret_cast<const cpu_set_t*>(words_.data()); }

 private:
  static constexpr std::size_t kWordBits = 8 * sizeof(unsigned long);
  std::vector<unsigned long> words_;
};

struct Allowed {
  CpuSet set{CPU_SETSIZE};
  std::vector<int> cpus;

  Allowed() {
    // EINVAL: the kernel's set does not fit.
    while (sched_getaffinity(0, set.bytes(), set.get()) != 0) {
      if (errno != EINVAL || set.capacity() > (1U << 20)) {
        cpus = {0};
        return;
      }
      set = CpuSet(2 * set.capacity());
    }
    for (std::size_t cpu = 0; cpu < set.capacity(); ++cpu) {
      if (set.Has(cpu)) cpus.push_back(static_cast<int>(cpu));
    }
  }
};

const Allowed& AllowedSet() {
  static const Allowed allowed;
  return allowed;
}

}  // namespace

const std::vector<int>& AllowedCpuNumbers() { return AllowedSet().cpus; }

int AllowedCpus() { return static_cast<int>(AllowedSet().cpus.size()); }

void BindToCpu(int number) {
  CpuSet one(AllowedSet().set.capacity());
  if (number < 0 || static_cast<std::size_t>(number) >= one.capacity()) return;
  one.Add(static_cast<std::size_t>(number));
  sched_setaffinity(0, one.bytes(), one.get());
}

void MoveToCpu(std::uint32_t index) {
  const std::vector<int>& cpus = AllowedCpuNumbers();
  if (index < cpus.size()) BindToCpu(cpus[index]);
}

void FreeFromCpu() {
  const CpuSet& set = AllowedSet().set;
  sched_setaffinity(0, set.bytes(), set.get());
}

}  // namespace heddle::stress
