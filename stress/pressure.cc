// SPDX-License-Identifier: Apache-2.0
#include "stress/pressure.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "primitives/platform.h"
#include "primitives/std_platform.h"
#include "stress/affinity.h"
#include "stress/mode.h"
#include "stress/noise.h"
#include "stress/random.h"

namespace heddle::stress {
namespace {

// SIGRTMIN + 4 asks for stacks (stacks.cc).
int PreemptSignal() { return SIGRTMIN + 5; }

// On more processors the scenario's few threads find a quiet one anyway.
constexpr int kMostNeighbours = 8;

void OnPreempt(int /*signal*/) {
  const int error = errno;
  static thread_local std::uint32_t turn = 0;
  // Not asleep: the watchdog takes threads that sleep and get nowhere for blocked.
  const bool long_absence = ++turn % 2 == 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    sched_yield();
  } while (long_absence && std::chrono::steady_clock::now() < end);
  errno = error;
}

}  // namespace

void InstallPreemption() {
  struct sigaction action{};
  action.sa_handler = OnPreempt;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaction(PreemptSignal(), &action, nullptr);
}

void SetNice(int rank) {
  // Linux takes a thread's number for a process here.
  setpriority(PRIO_PROCESS, 0, std::min(7 * rank, 19));
}

Neighbours::~Neighbours() {
  wanted_.store(kQuit, std::memory_order_relaxed);
  StdPlatform::unpark(&wanted_, static_cast<int>(threads_.size()));
  for (std::thread& thread : threads_) thread.join();
}

void Neighbours::Set(Pressure pressure) {
  const auto wanted = static_cast<std::uint32_t>(pressure);
  if (wanted_.load(std::memory_order_relaxed) == wanted) return;
  if ((started_ >> wanted & 1) == 0) {
    started_ |= 1U << wanted;
    Start(pressure);
  }
  wanted_.store(wanted, std::memory_order_relaxed);
  StdPlatform::unpark(&wanted_, static_cast<int>(threads_.size()));
}

void Neighbours::Start(Pressure pressure) {
  const int count = std::min(AllowedCpus(), kMostNeighbours);
  switch (pressure) {
    case Pressure::kNone:
    case Pressure::kNice:
      break;
    case Pressure::kPreempt:
      threads_.emplace_back([this] { Interrupt(); });
      break;
    case Pressure::kCpu:
      for (int i = 0; i < count; ++i) threads_.emplace_back([this] { Compute(); });
      break;
    case Pressure::kMemory:
      for (int i = 0; i < count; ++i) threads_.emplace_back([this] { StreamMemory(); });
      break;
  }
}

bool Neighbours::Wanted(Pressure kind) {
  for (;;) {
    const std::uint32_t wanted = wanted_.load(std::memory_order_relaxed);
    if (wanted == kQuit) return false;
    if (wanted == static_cast<std::uint32_t>(kind)) return true;
    StdPlatform::park(&wanted_, wanted, kNever);
  }
}

void Neighbours::Compute() {
  while (Wanted(Pressure::kCpu)) {
    for (int i = 0; i < 10000; ++i) asm volatile("");
  }
}

void Neighbours::StreamMemory() {
  // Larger than what a core has for itself, so that lines are evicted and buses are busy.
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  std::vector<std::uint64_t> buffer(kBytes / sizeof(std::uint64_t));
  std::uint64_t turn = 0;
  while (Wanted(Pressure::kMemory)) {
    ++turn;
    for (std::size_t i = 0; i < buffer.size(); i += kCacheLine / sizeof(std::uint64_t)) {
      buffer[i] += turn;
    }
    asm volatile("" : : "r"(buffer.data()) : "memory");
  }
}

void Neighbours::Interrupt() {
  prctl(PR_SET_TIMERSLACK, 1);
  Random random(1);
  const pid_t process = getpid();
  std::uint64_t last_progress = 0;
  int idle_turns = 0;
  while (Wanted(Pressure::kPreempt)) {
    SleepMicroseconds(20 + random.Below(100));
    std::uint64_t progress = 0;
    for (const Target& target : targets_) {
      progress += target.progress->load(std::memory_order_relaxed);
    }
    // Threads that hang are left alone: the watchdog must see them asleep.
    constexpr int kPatience = 100;
    idle_turns = progress == last_progress ? idle_turns + 1 : 0;
    last_progress = progress;
    if (idle_turns > kPatience) continue;
    const pid_t tid = targets_[random.Below(static_cast<std::uint32_t>(targets_.size()))].tid->load(
        std::memory_order_relaxed);
    if (tid != 0) syscall(SYS_tgkill, process, tid, PreemptSignal());
  }
}

}  // namespace heddle::stress
