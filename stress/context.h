// SPDX-License-Identifier: Apache-2.0
//
// What a thread of a running scenario knows about itself: the hook that every operation of
// StressPlatform goes through.
#ifndef HEDDLE_STRESS_CONTEXT_H_
#define HEDDLE_STRESS_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "checkers/scenario/verdict.h"
#include "primitives/platform.h"
#include "stress/deadlines.h"
#include "stress/heap.h"
#include "stress/noise.h"
#include "stress/operation_log.h"

namespace heddle::stress {

// What the platform keeps for each instance of a scenario.
struct InstanceState {
  Heap heap;
  Deadlines deadlines;
};

class alignas(kCacheLine) ThreadContext {
 public:
  // Null in a thread that runs no scenario; the platform then behaves like StdPlatform.
  static ThreadContext* Current() { return current; }

  ThreadContext(int group, int thread) : group_(group), thread_(thread) {}

  void Adopt() { current = this; }
  // The instance of that number in its round. Where its operations begin in log().
  std::uint64_t Enter(InstanceState* instance, std::size_t number, bool in_thread) {
    instance_ = instance;
    number_ = number;
    in_thread_ = in_thread;
    return log_.Begin();
  }

  // Before an operation on the object at `address`.
  void Before(const char* name, const void* address, Location where) {
    noise_.Point();
    log_.Add(name, where);
    if (instance_->heap.IsFreed(address)) [[unlikely]] {
      Stop(Verdict::kUseAfterFree, "the object of this operation is destroyed", where);
    }
  }
  void Before(const char* name, Location where) {
    noise_.Point();
    log_.Add(name, where);
  }

  // In a loop that waits for another thread.
  void Waits() {
    log_.EndTurn();
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
  OperationLog& log() { return log_; }
  const OperationLog& log() const { return log_; }
  // The instance's number in its round.
  std::size_t number() const { return number_; }
  // What ThreadSanitizer's runtime may call while it holds its locks.
#if defined(__clang__)
  __attribute__((disable_sanitizer_instrumentation))
#endif
  static void Tell(int& group, std::size_t& number) {
    if (current == nullptr) return;
    group = current->group_;
    number = current->number_;
  }

 private:
  static constinit inline thread_local ThreadContext* current = nullptr;

  const int group_;
  const int thread_;
  bool in_thread_ = false;
  InstanceState* instance_ = nullptr;
  std::size_t number_ = 0;
  Noise noise_;
  OperationLog log_;
};

}  // namespace heddle::stress

#endif  // HEDDLE_STRESS_CONTEXT_H_
