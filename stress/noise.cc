// SPDX-License-Identifier: Apache-2.0
#include "stress/noise.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "primitives/std_platform.h"
#include "stress/affinity.h"
#include "stress/mode.h"
#include "stress/topology.h"

namespace heddle::stress {
namespace {

void SpinMicroseconds(std::uint32_t us) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(us);
  while (std::chrono::steady_clock::now() < end) StdPlatform::pause();
}

// Spinning keeps the processor from other threads, which matters when the delay is long; sleeping
// costs some microseconds by itself, which matters when it is short.
void DelayMicroseconds(std::uint32_t us) {
  if (us < 10) {
    SpinMicroseconds(us);
  } else {
    SleepMicroseconds(us);
  }
}

}  // namespace

// Not nanosleep(): ThreadSanitizer would print "as if synchronized via sleep" into its reports.
void SleepMicroseconds(std::uint32_t us) {
  timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(us) * 1000};
  syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, nullptr);
}

void Noise::Start(const Mode& mode, std::uint64_t seed, int rank) {
  mode_ = mode;
  random_ = Random(seed);
  burst_left_ = 0;
  until_delay_ = kNever;
  until_move_ = kNever;
  switch (mode.noise) {
    case NoiseKind::kOff:
      break;
    case NoiseKind::kPauses:
      until_delay_ = 1 + random_.Below(24);
      break;
    case NoiseKind::kBursts:
      until_delay_ = 1 + random_.Below(100);
      break;
    case NoiseKind::kSlowThread:
      slowness_us_ = 5U << random_.Below(4);
      if (rank == 0) until_delay_ = 1;
      break;
    case NoiseKind::kPriorities:
      // 0, 4, 8, 16 ... 64 us.
      slowness_us_ = rank == 0 ? 0 : 2U << std::min(rank, 5);
      until_change_ = random_.Below(2) * (1 + random_.Below(48));
      until_delay_ = 1;
      break;
  }
  if (mode.affinity == Placement::kSweep) until_move_ = 1 + random_.Below(32);
}

void Noise::Delay() {
  switch (mode_.noise) {
    case NoiseKind::kOff:
      break;
    case NoiseKind::kPauses: {
      const std::uint32_t kind = random_.Below(4);
      if (kind == 0) {
        sched_yield();
      } else {
        DelayMicroseconds(1 + random_.Below(kind == 1 ? 10 : 300));
      }
      until_delay_ = 1 + random_.Below(24);
      break;
    }
    case NoiseKind::kBursts:
      if (burst_left_ == 0) burst_left_ = 4 + random_.Below(9);
      DelayMicroseconds(20 + random_.Below(60));
      until_delay_ = --burst_left_ > 0 ? 1 : 1 + random_.Below(100);
      break;
    case NoiseKind::kSlowThread:
      DelayMicroseconds(slowness_us_);
      until_delay_ = 1;
      break;
    case NoiseKind::kPriorities:
      if (until_change_ == 1) slowness_us_ = 100;
      if (until_change_ > 0) --until_change_;
      if (slowness_us_ > 0) DelayMicroseconds(slowness_us_);
      until_delay_ = 1;
      break;
  }
}

void Noise::Move() {
  // Among few processors, so that threads meet there.
  constexpr int kMost = 4;
  MoveToCpu(random_.Below(static_cast<std::uint32_t>(std::min(AllowedCpus(), kMost))));
  until_move_ = 1 + random_.Below(32);
}

}  // namespace heddle::stress
