// SPDX-License-Identifier: Apache-2.0
// The recorder takes and frees uncontended pthread mutexes by itself; libc does the rest. Together
// they must be one mutex.
#include <cstdint>

#include "checkers/lock_order/runtime/plain_mutex.h"
#include "checkers/scenario/scenario.h"
#include "models/lock_order/seam.h"
#include "models/mutex/lock_scenarios.h"

namespace heddle {
namespace {

// The lock word as glibc treats it (nptl/lowlevellock.c), but for a first look whether it is 2
// already, which spares an exchange.
template <class P>
struct LibcWord {
  using Word = typename P::template Atomic<std::uint32_t>;
  static void Lock(Word& word) {
    std::uint32_t expected = 0;
    if (word.compare_exchange_strong(expected, 1, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return;
    }
    while (word.exchange(2, std::memory_order_acquire) != 0) P::park(&word, 2);
  }
  static void Unlock(Word& word) {
    if (word.exchange(0, std::memory_order_release) > 1) P::unpark(&word, 1);
  }
};

// As pthread_mutex_lock and _unlock are while the recorder is there.
template <class P>
class Recorded {
 public:
  void lock() {
    if (!Ours::take(word_)) LibcWord<Seam>::Lock(word_);
  }
  void unlock() {
    if (Ours::free(word_)) Seam::unpark(&word_, 1);
  }
  typename P::template Atomic<std::uint32_t>& word() { return word_; }

 private:
  using Seam = RecorderSeam<P>;
  using Ours = lock_order::PlainWord<Seam>;
  typename P::template Atomic<std::uint32_t> word_{0};
};

constexpr VerdictSet kSleepsForEver = Verdict::kLostWakeup | Verdict::kDeadlock;

template <class P>
using RecordedExcludes = Excludes<P, Recorded<P>>;
HEDDLE_SCENARIO("analyzer/plain_mutex.excludes", RecordedExcludes);
HEDDLE_MUTANT("analyzer/plain_mutex.excludes", RecordedExcludes, "take_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/plain_mutex.excludes", RecordedExcludes, "free_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/plain_mutex.excludes", RecordedExcludes, "no_wake", kSleepsForEver);

// Two may sleep at once; the second one's wake-up depends on the first.
template <class P>
struct RecordedWakes {
  static constexpr int kThreads = 3;
  Recorded<P> mutex;
  typename P::template Var<int> balance{0};

  RecordedWakes() { mutex.lock(); }
  void Thread(int index) {
    if (index != 0) mutex.lock();
    balance.set(balance.get() + 1);
    mutex.unlock();
  }
  void After() { HEDDLE_ASSERT(balance.get() == kThreads); }
};
HEDDLE_SCENARIO("analyzer/plain_mutex.wakes", RecordedWakes);
HEDDLE_MUTANT("analyzer/plain_mutex.wakes", RecordedWakes, "free_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/plain_mutex.wakes", RecordedWakes, "no_wake", kSleepsForEver);

// Whoever comes from inside libc (a condition variable's re-acquisition) takes and frees the word
// there, and what one side took the other may free.
template <class P>
struct RecordedMeetsLibc {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  Recorded<P> mutex;
  typename P::template Var<int> balance{0};

  RecordedMeetsLibc() { LibcWord<RecorderSeam<P>>::Lock(mutex.word()); }
  void Thread(int index) {
    if (index == 0) {
      Pass();
      mutex.unlock();
    } else {
      mutex.lock();
      Pass();
      LibcWord<RecorderSeam<P>>::Unlock(mutex.word());
      LibcWord<RecorderSeam<P>>::Lock(mutex.word());
      Pass();
      mutex.unlock();
    }
  }
  void After() {
    HEDDLE_ASSERT(balance.get() == 3);
    HEDDLE_ASSERT(mutex.word().load(std::memory_order_relaxed) == 0);
  }
  void Pass() { balance.set(balance.get() + 1); }
};
HEDDLE_SCENARIO("analyzer/plain_mutex.meets_libc", RecordedMeetsLibc);
HEDDLE_MUTANT("analyzer/plain_mutex.meets_libc", RecordedMeetsLibc, "free_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/plain_mutex.meets_libc", RecordedMeetsLibc, "take_relaxed", Verdict::kRace);
HEDDLE_MUTANT("analyzer/plain_mutex.meets_libc", RecordedMeetsLibc, "no_wake", kSleepsForEver);

}  // namespace
}  // namespace heddle
