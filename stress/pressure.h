// SPDX-License-Identifier: Apache-2.0
//
// What Mode::pressure does: neighbours that keep the processors or the memory busy, signals that
// interrupt the scenario's threads, a thread that the kernel runs last.
#ifndef HEDDLE_STRESS_PRESSURE_H_
#define HEDDLE_STRESS_PRESSURE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "primitives/platform.h"
#include "stress/mode.h"

namespace heddle::stress {

// Installs the handler of the signal that interrupts threads. Once per process.
void InstallPreemption();

// Gives the calling thread the nice value for that place in the order of threads. Without the
// privilege to take it back it lasts for the thread's life.
void SetNice(int rank);

// Threads of the harness's own that put pressure on a group of the scenario's threads.
class Neighbours {
 public:
  // What is known of a thread of the scenario.
  struct Target {
    const std::atomic<pid_t>* tid;
    const std::atomic<std::uint64_t>* progress;
  };

  explicit Neighbours(std::vector<Target> targets) : targets_(std::move(targets)) {}
  ~Neighbours();
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;

  // What they do from now on. Called by one thread.
  void Set(Pressure pressure);

 private:
  void Start(Pressure pressure);
  void Compute();
  void StreamMemory();
  void Interrupt();
  // Waits until there is work of that kind; false when there will be none any more.
  bool Wanted(Pressure kind);

  const std::vector<Target> targets_;
  // A Pressure, or kQuit. Relaxed: nothing is passed on with it.
  static constexpr std::uint32_t kQuit = 255;
  alignas(kCacheLine) std::atomic<std::uint32_t> wanted_{0};
  std::uint32_t started_ = 0;  // bit n: the neighbours of Pressure n run
  std::vector<std::thread> threads_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_PRESSURE_H_
