// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/clh_lock.h"

namespace heddle {
namespace {

template <class P>
using ClhLockExcludes = Excludes<P, ClhLock<P>>;
HEDDLE_SCENARIO("mutex/clh_lock.excludes", ClhLockExcludes);
HEDDLE_MUTANT("mutex/clh_lock.excludes", ClhLockExcludes, "open_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/clh_lock.excludes", ClhLockExcludes, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/clh_lock.excludes", ClhLockExcludes, "no_wait",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("mutex/clh_lock.excludes", ClhLockExcludes, "no_wake",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/clh_lock.excludes", ClhLockExcludes, "parks_in_two_steps",
              Verdict::kLostWakeup | Verdict::kDeadlock);

template <class P>
using ClhLockLastDestroys = LastDestroys<P, ClhLock<P>>;
HEDDLE_SCENARIO("mutex/clh_lock.last_destroys", ClhLockLastDestroys);
HEDDLE_MUTANT("mutex/clh_lock.last_destroys", ClhLockLastDestroys, "peeks_after_open",
              kTouchesFreed);

// Each thread with a node of its own, one of them twice: cells are used again, in another place.
// And nobody waits for ever, not even when woken for no reason.
template <class P>
struct ClhLockProgresses {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.spurious_wakeups = true};
  ClhLock<P> lock;
  typename ClhLock<P>::Node nodes[kThreads];
  typename P::template Var<int> balance{0};

  ClhLockProgresses() { lock.lock(nodes[0]); }
  void Thread(int index) {
    if (index == 0) leave();
    lock.lock(nodes[index]);
    leave();
  }
  void After() { HEDDLE_ASSERT(balance.get() == 3); }
  void leave() {
    balance.set(balance.get() + 1);
    lock.unlock();
  }
};
HEDDLE_SCENARIO("mutex/clh_lock.progresses", ClhLockProgresses);
HEDDLE_MUTANT("mutex/clh_lock.progresses", ClhLockProgresses, "join_no_acquire",
              Verdict::kRace | Verdict::kAssertion);
HEDDLE_MUTANT("mutex/clh_lock.progresses", ClhLockProgresses, "join_no_release",
              Verdict::kRace | Verdict::kAssertion);

// lock() without a node: the spare cell goes round.
template <class P>
struct ClhLockBorrows {
  static constexpr int kThreads = 2;
  ClhLock<P> lock;
  typename P::template Var<int> balance{0};

  ClhLockBorrows() { add(); }  // there is a spare cell now
  void Thread(int) { add(); }
  void After() { HEDDLE_ASSERT(balance.get() == 3); }
  void add() {
    Guard hold(lock);
    balance.set(balance.get() + 1);
  }
};
constexpr char kModificationOrder[] =
    "the last user's opening of the spare cell may overtake the next user's closing of it only in "
    "modification order, which is execution order in Relacy";
constexpr VerdictSet kOverlap = Verdict::kAssertion | Verdict::kDoubleFree | kTouchesFreed;
HEDDLE_SCENARIO("mutex/clh_lock.borrows", ClhLockBorrows);
HEDDLE_MUTANT("mutex/clh_lock.borrows", ClhLockBorrows, "takes_spare_in_two_steps",
              kOverlap | Verdict::kDeadlock | Verdict::kLostWakeup | Verdict::kLeak);

constexpr char kFourTurns[] = "four turns of two threads are more than Relacy can explore";
// Thread 1 takes a cell that thread 0 has used and kept, and thread 0 queues behind it.
template <class P>
struct ClhLockBorrowsUsed {
  static constexpr int kThreads = 2;
  static constexpr RelacyOptions kRelacy{.preemptions = 4, .reason = kFourTurns};
  ClhLock<P> lock;
  typename P::template Var<int> balance{0};

  void Thread(int index) {
    const int times = index == 0 ? 3 : 1;
    for (int i = 0; i < times; ++i) {
      Guard hold(lock);
      balance.set(balance.get() + 1);
    }
  }
  void After() { HEDDLE_ASSERT(balance.get() == 4); }
};
HEDDLE_SCENARIO("mutex/clh_lock.borrows_used", ClhLockBorrowsUsed);
HEDDLE_MUTANT_BEYOND("mutex/clh_lock.borrows_used", ClhLockBorrowsUsed, "take_relaxed", kOverlap,
                     {"relacy", kModificationOrder});
HEDDLE_MUTANT_BEYOND("mutex/clh_lock.borrows_used", ClhLockBorrowsUsed, "keep_relaxed", kOverlap,
                     {"relacy", kModificationOrder});

template <class P>
class ClhPlace {
 public:
  explicit ClhPlace(ClhLock<P>& lock) : lock_(lock) {}
  void join() { lock_.join(node_); }
  void wait() { lock_.wait(node_); }
  void unlock() { lock_.unlock(); }

 private:
  ClhLock<P>& lock_;
  typename ClhLock<P>::Node node_;
};
template <class P>
using ClhLockQueues = Queues<P, ClhLock<P>, ClhPlace<P>>;
HEDDLE_SCENARIO("mutex/clh_lock.queues", ClhLockQueues);
HEDDLE_MUTANT("mutex/clh_lock.queues", ClhLockQueues, "no_wait",
              Verdict::kAssertion | Verdict::kRace);

}  // namespace
}  // namespace heddle
