// SPDX-License-Identifier: Apache-2.0
//
// What a thread of a running scenario knows about itself: the hook that every operation of
// StressPlatform goes through.
#ifndef HEDDLE_STRESS_CONTEXT_H_
#define HEDDLE_STRESS_CONTEXT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

#include "checkers/scenario/verdict.h"
#include "primitives/platform.h"
#include "stress/deadlines.h"
#include "stress/heap.h"
#include "stress/noise.h"

namespace heddle::stress {

using Location = std::source_location;

// What the platform keeps for each instance of a scenario.
struct InstanceState {
  Heap heap;
  Deadlines deadlines;
};

class alignas(kCacheLine) ThreadContext {
 public:
  static constexpr std::size_t kRemembered = 12;

  // An operation that the thread began. Atomic, because reports are made while threads still run.
  struct Operation {
    std::atomic<const char*> name{nullptr};
    std::atomic<Location> where{};
  };

  // Null in a thread that runs no scenario; the platform then behaves like StdPlatform.
  static ThreadContext* Current() { return current; }

  ThreadContext(int group, int thread) : group_(group), thread_(thread) {}

  void Adopt() { current = this; }
  void Enter(InstanceState* instance, bool in_thread) {
    instance_ = instance;
    in_thread_ = in_thread;
    first_.store(count_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

  // Before an operation on the object at `address`.
  void Before(const char* name, const void* address, Location where) {
    Remember(name, where);
    noise_.Point();
    if (instance_->heap.IsFreed(address)) [[unlikely]] {
      Stop(Verdict::kUseAfterFree, "the object of this operation is destroyed", where);
    }
  }
  void Before(const char* name, Location where) {
    Remember(name, where);
    noise_.Point();
  }

  // In a loop that waits for another thread.
  void Waits(const char* name, Location where) {
    Remember(name, where);
    noise_.SkipNext();
  }

  // Records a failure that leaves nothing sensible to go on with.
  [[noreturn]] void Stop(Verdict verdict, std::string_view message, Location where);

  int group() const { return group_; }
  int thread() const { return thread_; }
  // In a constructor, After() or a destructor of the scenario: 0, nobody else runs.
  int index() const { return in_thread_ ? thread_ : 0; }
  // Likewise, but tells them from thread 0.
  int reported_index() const { return in_thread_ ? thread_ : -1; }
  Noise& noise() { return noise_; }
  InstanceState& instance() { return *instance_; }

  // The operations in this instance, from 0 (the latest) to kRemembered - 1; null before the first.
  const Operation* Recent(std::size_t age) const {
    const std::uint64_t count = count_.load(std::memory_order_relaxed);
    if (age >= count - first_.load(std::memory_order_relaxed)) return nullptr;
    return &recent_[(count - 1 - age) % kRemembered];
  }

 private:
  static constinit inline thread_local ThreadContext* current = nullptr;

  void Remember(const char* name, Location where) {
    const std::uint64_t count = count_.load(std::memory_order_relaxed);
    const Operation* last = Recent(0);
    if (last != nullptr && last->name.load(std::memory_order_relaxed) == name &&
        last->where.load(std::memory_order_relaxed).line() == where.line()) {
      return;  // a loop that waits must not push everything else out
    }
    recent_[count % kRemembered].name.store(name, std::memory_order_relaxed);
    recent_[count % kRemembered].where.store(where, std::memory_order_relaxed);
    count_.store(count + 1, std::memory_order_relaxed);
  }

  const int group_;
  const int thread_;
  bool in_thread_ = false;
  InstanceState* instance_ = nullptr;
  Noise noise_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> first_{0};  // count_ at the beginning of the instance
  std::array<Operation, kRemembered> recent_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_CONTEXT_H_
