// SPDX-License-Identifier: Apache-2.0
//
// One broken program for each verdict that Relacy can give: the engine's own test.
#include <atomic>
#include <chrono>
#include <cstdint>
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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.assertion", Assertion, Verdict::kAssertion);

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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.race", Race, Verdict::kRace);

template <class P>
struct Deadlock {
  static constexpr int kThreads = 2;
  typename P::Mutex first;
  typename P::Mutex second;
  void Thread(int index) {
    Guard outer(index == 0 ? first : second);
    Guard inner(index == 0 ? second : first);
  }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.deadlock", Deadlock, Verdict::kDeadlock);

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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.lost_wakeup", LostWakeup, Verdict::kDeadlock);

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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.lost_notification", LostNotification, Verdict::kDeadlock);

template <class P>
struct Livelock {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> never{0};
  void Thread(int) {
    while (never.load(std::memory_order_relaxed) == 0) P::pause();
  }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.livelock", Livelock, Verdict::kLivelock);

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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.use_after_free", UseAfterFree, Verdict::kUseAfterFree);

template <class P>
struct DoubleFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int) { P::destroy(node); }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.double_free", DoubleFree, Verdict::kDoubleFree);

template <class P>
struct Leak {
  static constexpr int kThreads = 1;
  typename P::template Atomic<Node<P>*> head{nullptr};
  void Thread(int) { head.store(P::template create<Node<P>>(), std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.leak", Leak, Verdict::kLeak);

template <class P>
struct UninitializedAtomic {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> value;
  void Thread(int) { value.load(std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.uninitialized_atomic", UninitializedAtomic,
                      Verdict::kUninitialized);

template <class P>
struct UninitializedVar {
  static constexpr int kThreads = 1;
  typename P::template Var<int> value;
  void Thread(int) { value.get(); }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.uninitialized_var", UninitializedVar,
                      Verdict::kUninitialized);

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
HEDDLE_SCENARIO_FAILS("relacy/verdicts.bad_unlock", BadUnlock, Verdict::kBadUnlock);

template <class P>
struct Crash {
  static constexpr int kThreads = 1;
  void Thread(int) { throw std::runtime_error("unexpected"); }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.exception", Crash, Verdict::kCrash);

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
    HEDDLE_ASSERT(!same);
  }
};
HEDDLE_SCENARIO_FAILS("relacy/verdicts.memory_is_reused", Reuse, Verdict::kAssertion);

// A finite deadline: both that it expires and that it does not are explored.
template <class P>
struct TimedPark {
  static constexpr int kThreads = 2;
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      const Deadline deadline = P::Clock::now() + std::chrono::seconds(1);
      bool in_time = true;
      while (in_time && word.load(std::memory_order_relaxed) == 0) {
        in_time = P::park(&word, 0, deadline) != ParkResult::kTimedOut;
      }
      HEDDLE_ASSERT(in_time || !mutant<P>("never_times_out"));
      HEDDLE_ASSERT(!in_time || !mutant<P>("always_times_out"));
    } else {
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
    }
  }
};
HEDDLE_SCENARIO("relacy/verdicts.timed_park", TimedPark);
HEDDLE_MUTANT("relacy/verdicts.timed_park", TimedPark, "never_times_out", Verdict::kAssertion);
HEDDLE_MUTANT("relacy/verdicts.timed_park", TimedPark, "always_times_out", Verdict::kAssertion);

// With kRelacy.spurious_wakeups a park() may return for no reason; without, it does not.
template <class P, bool kSpurious>
struct Spurious {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = kSpurious};
  typename P::template Atomic<std::uint32_t> word{0};
  void Thread(int index) {
    if (index == 0) {
      if (word.load(std::memory_order_relaxed) == 0) P::park(&word, 0, kNever);
      HEDDLE_ASSERT(word.fetch_add(0, std::memory_order_relaxed) == 1);
    } else {
      word.store(1, std::memory_order_relaxed);
      P::unpark(&word, 1);
    }
  }
};
template <class P>
using SpuriousOn = Spurious<P, true>;
template <class P>
using SpuriousOff = Spurious<P, false>;
HEDDLE_SCENARIO_FAILS("relacy/verdicts.spurious_wakeup", SpuriousOn, Verdict::kAssertion);
HEDDLE_SCENARIO("relacy/verdicts.no_spurious_wakeup", SpuriousOff);

// A bounded search says so and is not complete.
template <class P>
struct Bounded {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.preemptions = 1, .reason = "to test bounded search"};
  typename P::template Atomic<int> value{0};
  void Thread(int) { value.fetch_add(1, std::memory_order_relaxed); }
  void After() { HEDDLE_ASSERT(value.load(std::memory_order_relaxed) == 2); }
};
HEDDLE_SCENARIO("relacy/verdicts.bounded", Bounded);

}  // namespace
}  // namespace heddle
