// SPDX-License-Identifier: Apache-2.0
//
// One broken program for each verdict that the explorer can give, and a sound one for each that it
// must not: the engine's own test. verdicts_test.cc looks at what is said about them.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "checkers/scenario/outcomes.h"
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
HEDDLE_SCENARIO_FAILS("explorer/verdicts.assertion", Assertion, Verdict::kAssertion);

// A message that is passed in the right way, and in a wrong one.
template <class P, std::memory_order kOrder>
struct Message {
  static constexpr int kThreads = 2;
  typename P::template Var<int> text{0};
  typename P::template Atomic<int> sent{0};
  void Thread(int index) {
    if (index == 0) {
      text.set(1);
      sent.store(1, kOrder);
    } else if (sent.load(std::memory_order_acquire) == 1) {
      HEDDLE_ASSERT(text.get() == 1);
    }
  }
};
template <class P>
using Race = Message<P, std::memory_order_relaxed>;
template <class P>
using NoRace = Message<P, std::memory_order_release>;
HEDDLE_SCENARIO_FAILS("explorer/verdicts.race", Race, Verdict::kRace);
HEDDLE_SCENARIO("explorer/verdicts.no_race", NoRace);

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
HEDDLE_SCENARIO_FAILS("explorer/verdicts.deadlock", Deadlock, Verdict::kDeadlock);
HEDDLE_SCENARIO("explorer/verdicts.no_deadlock", NoDeadlock);

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
HEDDLE_SCENARIO_FAILS("explorer/verdicts.lost_wakeup", LostNotification, Verdict::kLostWakeup);

template <class P>
struct Livelock {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> never{0};
  void Thread(int index) {
    if (index == 0) return never.store(2, std::memory_order_relaxed);
    while (never.load(std::memory_order_relaxed) != 1) P::pause();
  }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.livelock", Livelock, Verdict::kLivelock);

template <class P>
struct Waits {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int> word{0};
  void Thread(int index) {
    if (index == 0) return word.store(1, std::memory_order_relaxed);
    while (word.load(std::memory_order_relaxed) != 1) P::pause();
  }
};
HEDDLE_SCENARIO("explorer/verdicts.no_livelock", Waits);

template <class P>
struct Node {
  typename P::template Atomic<int> value{0};
  std::array<int, 2> plain{};
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
HEDDLE_SCENARIO_FAILS("explorer/verdicts.use_after_free", UseAfterFree, Verdict::kUseAfterFree);

template <class P>
struct DoubleFree {
  static constexpr int kThreads = 2;
  Node<P>* node = P::template create<Node<P>>();
  void Thread(int) { P::destroy(node); }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.double_free", DoubleFree, Verdict::kDoubleFree);

template <class P>
struct OutOfBounds {
  static constexpr int kThreads = 1;
  typename P::template Atomic<int> last{2};
  void Thread(int) {
    auto* const node = P::template create<Node<P>>();
    volatile int* const plain = node->plain.data();
    plain[last.load(std::memory_order_relaxed)] = 1;
    P::destroy(node);
  }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.out_of_bounds", OutOfBounds, Verdict::kOutOfBounds);

template <class P>
struct Leak {
  static constexpr int kThreads = 1;
  typename P::template Atomic<Node<P>*> head{nullptr};
  void Thread(int) { head.store(P::template create<Node<P>>(), std::memory_order_relaxed); }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.leak", Leak, Verdict::kLeak);

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
HEDDLE_SCENARIO_FAILS("explorer/verdicts.bad_unlock", BadUnlock, Verdict::kBadUnlock);

template <class P>
struct ForbiddenOutcome {
  static constexpr int kThreads = 2;
  static constexpr GradedOutcome kOutcomes[] = {
      {"1", Grade::kAcceptable, "thread 1 came last"},
      {"0", Grade::kForbidden, "the stores are not ordered"},
  };
  typename P::template Atomic<int> value{2};
  void Thread(int index) { value.store(index, std::memory_order_relaxed); }
  void After() { Observe(value.load(std::memory_order_relaxed) == 1 ? "1" : "0"); }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.forbidden_outcome", ForbiddenOutcome,
                      Verdict::kForbiddenOutcome);

template <class P>
struct Exception {
  static constexpr int kThreads = 1;
  void Thread(int) { throw std::runtime_error("unexpected"); }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.exception", Exception, Verdict::kCrash);

template <class P>
struct NullPointer {
  static constexpr int kThreads = 2;
  typename P::template Atomic<int*> pointer{nullptr};
  void Thread(int index) {
    if (index == 1) *const_cast<volatile int*>(pointer.load(std::memory_order_relaxed)) = 1;
  }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.null_pointer", NullPointer, Verdict::kCrash);

template <class P>
struct Abort {
  static constexpr int kThreads = 1;
  void Thread(int) { std::abort(); }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.abort", Abort, Verdict::kAssertion);

// More turns than are run, each in a state of its own.
template <class P>
struct Incomplete {
  static constexpr int kThreads = 1;
  typename P::template Atomic<bool> stop{false};
  void Thread(int) {
    for (volatile int turns = 0; !stop.load(std::memory_order_relaxed);) turns = turns + 1;
  }
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.incomplete", Incomplete, Verdict::kIncomplete);

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
HEDDLE_SCENARIO("explorer/verdicts.timed_park", TimedPark);
HEDDLE_MUTANT("explorer/verdicts.timed_park", TimedPark, "never_times_out", Verdict::kAssertion);
HEDDLE_MUTANT("explorer/verdicts.timed_park", TimedPark, "always_times_out", Verdict::kAssertion);

// Files are simulated: both orders of the two, and what a process counts beside them.
template <class P>
struct Files {
  static constexpr int kThreads = 2;
  typename P::Files::Count created;
  void Thread(int) {
    P::Files::run([this] {
      if (P::Files::open("x", OpenMode::kCreateExclusive) >= 0) created.add(1);
    });
  }
  void After() { HEDDLE_ASSERT(created.get() == (mutant<P>("two") ? 2 : 1)); }
};
HEDDLE_SCENARIO("explorer/verdicts.files", Files);
HEDDLE_MUTANT("explorer/verdicts.files", Files, "two", Verdict::kAssertion);

// What processes share beside files must not be plain: they order nothing.
template <class P>
struct PlainBesideFiles {
  static constexpr int kThreads = 2;
  int opened = 0;
  void Thread(int) {
    P::Files::run([this] {
      P::Files::stat("x", id);
      ++opened;
    });
  }
  FileId id;
};
HEDDLE_SCENARIO_FAILS("explorer/verdicts.plain_beside_files", PlainBesideFiles, Verdict::kRace);

}  // namespace
}  // namespace heddle
