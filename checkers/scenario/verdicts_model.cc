// SPDX-License-Identifier: Apache-2.0
//
// Broken programs, one for each verdict that all engines can give, and sound ones for those that
// they must not: part of each engine's own test of verdicts, beside what only that engine shows.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "checkers/scenario/scenario.h"

namespace heddle {
namespace {

template <class P>
struct Assertion {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> value{0};
  void Thread(int index) { value.store(index, std::memory_order_relaxed); }
  void After() { HEDDLE_ASSERT(value.load(std::memory_order_relaxed) == 1); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.assertion", Assertion, Verdict::kAssertion);

// Real threads must be caught while they overlap; the other engines know better.
template <class P>
struct Race {
  static constexpr int kThreads = 2;
  typename P::template Var<int> value{0};
  void Thread(int index) {
    if (index == 0) {
      value.set(1);
    } else {
      HEDDLE_ASSERT(value.get() >= 0);
    }
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.race", Race, Verdict::kRace);

// Ordered accesses are no race, however they are disturbed.
template <class P>
struct NoRace {
  static constexpr int kThreads = 2;
  static constexpr int kTurns = 2;
  typename P::template Var<int> value;
  typename P::template Atomic<int> turn{0};
  void Thread(int index) {
    for (int i = 0; i < kTurns; ++i) {
      while (turn.load(std::memory_order_acquire) % 2 != index) P::pause();
      if (index == 0 && i == 0) {
        value.set(1);
      } else {
        value.set(value.get() + 1);
      }
      turn.fetch_add(1, std::memory_order_release);
    }
  }
  void After() { HEDDLE_ASSERT(value.take() == 2 * kTurns); }
};
HEDDLE_SCENARIO("engine/verdicts.no_race", NoRace);

template <class P, bool kInOrder>
struct TwoLocks {
  static constexpr int kThreads = 2;
  typename P::Mutex first;
  typename P::Mutex second;
  void Thread(int index) {
    const bool in_order = index == 0 || kInOrder;
    Guard outer(in_order ? first : second);
    Guard inner(in_order ? second : first);
  }
};
template <class P>
using Deadlock = TwoLocks<P, false>;
template <class P>
using NoDeadlock = TwoLocks<P, true>;
HEDDLE_SCENARIO_FAILS("engine/verdicts.deadlock", Deadlock, Verdict::kDeadlock);
HEDDLE_SCENARIO("engine/verdicts.no_deadlock", NoDeadlock);

template <class P>
struct LostWakeup {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      while (word.load(std::memory_order_relaxed) == 0) P::park(&word, 0, kNever);
    } else {
      P::unpark(&word, 1);
      word.store(1, std::memory_order_relaxed);
    }
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.lost_wakeup", LostWakeup,
                      Verdict::kLostWakeup | Verdict::kDeadlock);

template <class P>
struct LostNotification {
  static constexpr int kThreads = 2;
  typename P::Mutex mutex;
  typename P::CondVar condition;
  void Thread(int index) {
    Guard hold(mutex);
    if (index == 0) {
      condition.wait(mutex);  // without a predicate: the notification may have been before
    } else {
      condition.notify_one();
    }
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.lost_notification", LostNotification,
                      Verdict::kLostWakeup | Verdict::kDeadlock);

template <class P, int kWritten>
struct Awaits {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> value{0};
  void Thread(int index) {
    if (index == 1) return value.store(kWritten, std::memory_order_relaxed);
    while (value.load(std::memory_order_relaxed) != 1) P::pause();
  }
};
template <class P>
using Livelock = Awaits<P, 2>;
template <class P>
using NoLivelock = Awaits<P, 1>;
HEDDLE_SCENARIO_FAILS("engine/verdicts.livelock", Livelock, Verdict::kLivelock);
HEDDLE_SCENARIO("engine/verdicts.no_livelock", NoLivelock);

template <class P>
struct Node {
  typename P::template Atomic<int> value{0};
};

template <class P>
struct UseAfterFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int index) {
    if (index == 0) {
      P::destroy(node);
    } else {
      node->value.load(std::memory_order_relaxed);
    }
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.use_after_free", UseAfterFree, Verdict::kUseAfterFree);

template <class P>
struct DoubleFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int) { P::destroy(node); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.double_free", DoubleFree, Verdict::kDoubleFree);

template <class P>
struct Leak {
  static constexpr int kThreads = 1;
  typename P::template Atomic<Node<P>*> head{nullptr};
  void Thread(int) { head.store(P::template create<Node<P>>(), std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.leak", Leak, Verdict::kLeak);

// Freed memory is handed out again in some execution, and not in another.
template <class P>
struct Reuse {
  static constexpr int kThreads = 1;
  void Thread(int) {
    int* first = P::template create<int>(1);
    P::destroy(first);
    int* second = P::template create<int>(2);
    const bool same = first == second;
    P::destroy(second);
    HEDDLE_ASSERT(same != mutant<P>("expects_fresh"));
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.memory_is_reused", Reuse, Verdict::kAssertion);
HEDDLE_MUTANT_BEYOND("engine/verdicts.memory_is_reused", Reuse, "expects_fresh",
                     Verdict::kAssertion,
                     {"explore", "memory is never handed out again within one execution"});

template <class P>
struct Initialized {
  static constexpr int kThreads = 1;
  typename P::template Var<int> value;
  void Thread(int) {
    if (!mutant<P>("uninitialized")) value.set(1);
    value.get();
  }
};
HEDDLE_SCENARIO("engine/verdicts.initialized", Initialized);
HEDDLE_MUTANT_BEYOND("engine/verdicts.initialized", Initialized, "uninitialized",
                     Verdict::kUninitialized,
                     {"explore", "it reports reads of uninitialized memory by atomics only"});

template <class P>
struct BadUnlock {
  static constexpr int kThreads = 2;
  typename P::Mutex mutex;
  void Thread(int index) {
    if (index == 0) {
      mutex.lock();
    } else {
      mutex.unlock();
    }
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.bad_unlock", BadUnlock, Verdict::kBadUnlock);

template <class P>
struct Exception {
  static constexpr int kThreads = 1;
  void Thread(int) { throw std::runtime_error("unexpected"); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.exception", Exception, Verdict::kCrash);

template <class P>
struct NullPointer {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int*> pointer{nullptr};
  void Thread(int index) {
    if (index == 1) *const_cast<volatile int*>(pointer.load(std::memory_order_relaxed)) = 1;
  }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.null_pointer", NullPointer, Verdict::kCrash);

template <class P>
struct Abort {
  static constexpr int kThreads = 1;
  void Thread(int) { std::abort(); }
};
HEDDLE_SCENARIO_FAILS("engine/verdicts.abort", Abort, Verdict::kAssertion | Verdict::kCrash);

// A finite deadline: both that it expires, and stays expired, and that it does not are explored.
template <class P>
struct TimedPark {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      const Deadline deadline = P::Clock::now() + std::chrono::hours(1);
      bool in_time = true;
      while (in_time && word.load(std::memory_order_relaxed) == 0) {
        in_time = P::park(&word, 0, deadline) != ParkResult::kTimedOut;
      }
      HEDDLE_ASSERT(in_time || P::Clock::expired(deadline));
      HEDDLE_ASSERT(in_time || !mutant<P>("never_times_out"));
      HEDDLE_ASSERT(!in_time || !mutant<P>("always_times_out"));
    } else {
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
    }
  }
};
HEDDLE_SCENARIO("engine/verdicts.timed_park", TimedPark);
HEDDLE_MUTANT("engine/verdicts.timed_park", TimedPark, "never_times_out", Verdict::kAssertion);
HEDDLE_MUTANT("engine/verdicts.timed_park", TimedPark, "always_times_out", Verdict::kAssertion);

}  // namespace
}  // namespace heddle
