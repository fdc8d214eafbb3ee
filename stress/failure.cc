// SPDX-License-Identifier: Apache-2.0
#include "stress/failure.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "primitives/std_platform.h"

namespace heddle::stress {
namespace {

enum State : int { kNone, kBeingWritten, kWritten };

std::atomic<int> state{kNone};
Failure first;
std::atomic<std::uint32_t> events{0};

}  // namespace

void RecordFailure(Verdict verdict, std::string_view message, std::source_location where, int group,
                   int thread, std::size_t instance) {
  int none = kNone;
  if (!state.compare_exchange_strong(none, kBeingWritten, std::memory_order_relaxed)) return;
  first.verdict = verdict;
  const std::size_t size = std::min(message.size(), first.message.size() - 1);
  std::copy_n(message.begin(), size, first.message.begin());
  first.where = where;
  first.group = group;
  first.thread = thread;
  first.instance = instance;
  // release pairs with FirstFailure(), which only the supervising thread calls.
  state.store(kWritten, std::memory_order_release);
  WakeSupervisor();
}

bool HasFailed() { return state.load(std::memory_order_relaxed) != kNone; }

const Failure* FirstFailure() {
  return state.load(std::memory_order_acquire) == kWritten ? &first : nullptr;
}

void WaitForEvent(std::chrono::milliseconds limit) {
  static std::uint32_t seen = 0;
  if (events.load(std::memory_order_relaxed) == seen) {
    StdPlatform::park(&events, seen, StdPlatform::Clock::now() + limit);
  }
  seen = events.load(std::memory_order_relaxed);
}

void WakeSupervisor() {
  events.fetch_add(1, std::memory_order_relaxed);
  StdPlatform::unpark(&events, 1);
}

}  // namespace heddle::stress
