// SPDX-License-Identifier: Apache-2.0
//
// The references that several benchmarks share: what a program would use, or write by hand,
// instead.
#ifndef HEDDLE_STRESS_BENCH_REFERENCES_H_
#define HEDDLE_STRESS_BENCH_REFERENCES_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "primitives/platform.h"

namespace heddle::bench {

inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The locks of the textbooks: they spin, and nothing else.
class StdAtomicTicket {
 public:
  void lock() {
    const std::uint32_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
    while (serving_.load(std::memory_order_acquire) != ticket) Pause();
  }
  void unlock() {
    serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint32_t> serving_{0};
};

class StdAtomicExchange {
 public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire)) {
      while (held_.load(std::memory_order_relaxed)) Pause();
    }
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

class StdAtomicMcs {
 public:
  struct alignas(kCacheLine) Mine {
    std::atomic<Mine*> next{nullptr};
    std::atomic<bool> wait{false};
  };
  void lock(Mine& mine) {
    mine.next.store(nullptr, std::memory_order_relaxed);
    Mine* const ahead = tail_.exchange(&mine, std::memory_order_acq_rel);
    if (ahead == nullptr) return;
    mine.wait.store(true, std::memory_order_relaxed);
    ahead->next.store(&mine, std::memory_order_release);
    while (mine.wait.load(std::memory_order_acquire)) Pause();
  }
  void unlock(Mine& mine) {
    Mine* next = mine.next.load(std::memory_order_acquire);
    if (next == nullptr) {
      Mine* expected = &mine;
      if (tail_.compare_exchange_strong(expected, nullptr, std::memory_order_release,
                                        std::memory_order_relaxed)) {
        return;
      }
      while ((next = mine.next.load(std::memory_order_acquire)) == nullptr) Pause();
    }
    next->wait.store(false, std::memory_order_release);
  }

 private:
  std::atomic<Mine*> tail_{nullptr};
};

class StdAtomicClh {
  struct alignas(kCacheLine) Cell {
    std::atomic<bool> wait{false};
  };

 public:
  class Mine {
   public:
    Mine() = default;
    ~Mine() { delete cell_; }
    Mine(const Mine&) = delete;
    Mine& operator=(const Mine&) = delete;

   private:
    friend class StdAtomicClh;
    Cell* cell_ = new Cell;
    Cell* ahead_ = nullptr;
  };
  StdAtomicClh() = default;
  ~StdAtomicClh() { delete tail_.load(std::memory_order_relaxed); }
  StdAtomicClh(const StdAtomicClh&) = delete;
  StdAtomicClh& operator=(const StdAtomicClh&) = delete;

  void lock(Mine& mine) {
    mine.cell_->wait.store(true, std::memory_order_relaxed);
    mine.ahead_ = tail_.exchange(mine.cell_, std::memory_order_acq_rel);
    while (mine.ahead_->wait.load(std::memory_order_acquire)) Pause();
  }
  void unlock(Mine& mine) {
    Cell* const ahead = mine.ahead_;
    mine.cell_->wait.store(false, std::memory_order_release);
    mine.cell_ = ahead;
  }

 private:
  std::atomic<Cell*> tail_{new Cell};
};

class PthreadSpinlock {
 public:
  PthreadSpinlock() { pthread_spin_init(&lock_, PTHREAD_PROCESS_PRIVATE); }
  ~PthreadSpinlock() { pthread_spin_destroy(&lock_); }
  PthreadSpinlock(const PthreadSpinlock&) = delete;
  PthreadSpinlock& operator=(const PthreadSpinlock&) = delete;
  void lock() { pthread_spin_lock(&lock_); }
  void unlock() { pthread_spin_unlock(&lock_); }

 private:
  pthread_spinlock_t lock_;
};

class AbslMutex {
 public:
  // On by default unless NDEBUG, and never what one wants to measure.
  AbslMutex() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }
  void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
  void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

 private:
  absl::Mutex mutex_;
};

}  // namespace heddle::bench

#endif  // HEDDLE_STRESS_BENCH_REFERENCES_H_
