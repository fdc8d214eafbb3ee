// SPDX-License-Identifier: Apache-2.0
//
// Records what threads do with an object under test.
//
//   Recorder recorder(kThreads);
//   // in thread i:
//   Recorder::Log& log = recorder.log(i);
//   log.Invoke({.function = kPush, .argument = 5});
//   queue.push(5);
//   log.Return(1);
//   // after all threads have ended, or were given up:
//   History history = recorder.Take();
//
// Each thread writes to memory of its own, no line of which another thread touches. The clock is
// std::chrono::steady_clock (on Linux read without a system call, and monotonic over all
// processors). What an operation does happens between the two looks at the clock: no instruction of
// it begins before the first, and before the second all its stores are visible to other processors.
// So two operations that the recording orders are ordered in real time; one whose effect is still
// on its way when it returns (a release store) is not blamed for it. The fences that this takes are
// no synchronization between threads that happens-before knows of, and ThreadSanitizer sees none.
//
// Cost: the two looks at the clock, and about 10 ns (stress/bench: linearizability/record). Memory:
// 72 bytes per operation.
#ifndef HEDDLE_CHECKERS_LINEARIZABILITY_RECORDER_H_
#define HEDDLE_CHECKERS_LINEARIZABILITY_RECORDER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "checkers/linearizability/history.h"

namespace heddle::linearizability {

class Recorder {
 public:
  // Of one thread. Not thread-safe.
  class alignas(128) Log {
   public:
    // What is called. `process` and the times are the recorder's.
    void Invoke(const Operation& call) {
      if (next_ == end_) Grow();
      Operation& op = *next_;
      op = call;
      op.process = process_;
      op.done = kNever;
      op.invoke = Now();
      After();
    }

    // How the operation that was invoked last has ended. Without this call it is pending, and the
    // thread must not invoke another.
    void Return(Value result = kNone) {
      Before();
      Operation& op = *next_;
      op.done = Now();
      op.result = result;
      ++next_;
    }

    // The operation that was invoked last is none that counts: nobody can see whether it was.
    void Forget() { next_->invoke = kNever; }

   private:
    friend class Recorder;
    static constexpr std::size_t kChunk = 4096;

    static Time Now() {
      return static_cast<Time>(std::chrono::steady_clock::now().time_since_epoch().count());
    }
    // Nothing that follows begins before the clock was read.
    static void After() {
      std::atomic_signal_fence(std::memory_order_seq_cst);
#if defined(__x86_64__)
      __builtin_ia32_lfence();
#elif defined(__aarch64__)
      asm volatile("isb" ::: "memory");
#endif
    }
    // All that went before is done and visible.
    static void Before() {
#if defined(HEDDLE_TSAN) || defined(__SANITIZE_THREAD__)
      std::atomic_signal_fence(std::memory_order_seq_cst);
#else
      std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    }

    struct Chunk {
      // One that was never invoked has no time: kNever.
      std::unique_ptr<Operation[]> operations;
      std::size_t size = 0;
    };

    void Add(std::size_t size);
    void Grow();

    Operation* next_ = nullptr;  // the one under way, or the next
    Operation* end_ = nullptr;
    std::int32_t process_ = 0;
    std::vector<Chunk> chunks_;
  };

  // Log i is process i of the history. Space for `expected` operations of each is made ready.
  explicit Recorder(int threads, std::size_t expected = 0);

  Log& log(int thread) { return logs_[static_cast<std::size_t>(thread)]; }

  // Call when no thread records any more. Begins anew.
  History Take();

 private:
  std::vector<Log> logs_;
};

}  // namespace heddle::linearizability

#endif  // HEDDLE_CHECKERS_LINEARIZABILITY_RECORDER_H_
