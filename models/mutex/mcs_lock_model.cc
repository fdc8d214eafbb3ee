// SPDX-License-Identifier: Apache-2.0
#include "models/mutex/lock_scenarios.h"
#include "primitives/mutex/mcs_lock.h"

namespace heddle {
namespace {

// Every store of a node's preparation runs before the store of the thread that finds the node;
// without the order, the memory model lets the later one be overwritten by the earlier one. Relacy
// does not: its modification order is the order of execution.
constexpr char kModificationOrder[] =
    "the preparation of a node may overtake a later store of the thread that found it only in "
    "modification order, which is execution order in Relacy";
constexpr VerdictSet kLostHandOver = Verdict::kLostWakeup | Verdict::kDeadlock |
                                     Verdict::kLivelock | Verdict::kRace | Verdict::kUninitialized |
                                     Verdict::kAssertion | kTouchesFreed;

template <class P>
using McsLockExcludes = Excludes<P, McsLock<P>>;
HEDDLE_SCENARIO("mutex/mcs_lock.excludes", McsLockExcludes);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "lock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "unlock_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "join_no_acquire", Verdict::kRace);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "open_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "wait_relaxed", Verdict::kRace);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "no_wait",
              Verdict::kRace | Verdict::kAssertion | Verdict::kLivelock | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "no_wake",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "parks_in_two_steps",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/mcs_lock.excludes", McsLockExcludes, "ignores_unlinked",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT_BEYOND("mutex/mcs_lock.excludes", McsLockExcludes, "link_relaxed", kLostHandOver,
                     {"relacy", kModificationOrder});
HEDDLE_MUTANT_BEYOND("mutex/mcs_lock.excludes", McsLockExcludes, "next_relaxed", kLostHandOver,
                     {"relacy", kModificationOrder});

// Thread 0 leaves and queues again, perhaps just when thread 1, which has queued with a node on its
// stack, puts the lock's own node in its place.
template <class P>
struct McsLockReplaces {
  static constexpr int kThreads = 2;
  McsLock<P> lock;
  typename McsLock<P>::Node node;
  typename P::template Var<bool> waits{false};
  typename P::template Var<int> balance{0};

  McsLockReplaces() { lock.lock(); }
  void Thread(int index) {
    if (index == 1) lock.lock();
    balance.set(balance.get() + 1);
    lock.unlock();
    if (index == 1) return;
    if (lock.join(node)) {
      lock.unlock(node);
    } else {
      waits.set(true);  // for its turn, in After()
    }
  }
  void After() {
    if (waits.get()) {
      lock.wait(node);
      lock.unlock(node);
    }
    HEDDLE_ASSERT(lock.try_lock());
    HEDDLE_ASSERT(balance.get() == 2);
  }
};
HEDDLE_SCENARIO("mutex/mcs_lock.replaces", McsLockReplaces);
HEDDLE_MUTANT("mutex/mcs_lock.replaces", McsLockReplaces, "forgets_unlinked",
              Verdict::kLostWakeup | Verdict::kDeadlock | Verdict::kLivelock | kTouchesFreed);

constexpr char kThreeInLine[] = "three threads in line are more than Relacy can explore";
// Thread 0 leaves the lock's own node, thread 1 puts it in the place of its own, and thread 2,
// which has seen neither, links itself to it.
template <class P>
struct McsLockReplaces3 {
  static constexpr int kThreads = 3;
  static constexpr RelacyOptions kRelacy{.preemptions = 4, .reason = kThreeInLine};
  McsLock<P> lock;
  typename McsLock<P>::Node node;

  McsLockReplaces3() { lock.lock(); }
  void Thread(int index) {
    if (index == 1) lock.lock();
    if (index == 2) lock.lock(node);
    index == 2 ? lock.unlock(node) : lock.unlock();
  }
};
HEDDLE_SCENARIO("mutex/mcs_lock.replaces3", McsLockReplaces3);
HEDDLE_MUTANT_BEYOND("mutex/mcs_lock.replaces3", McsLockReplaces3, "replace_relaxed", kLostHandOver,
                     {"relacy", kModificationOrder});
HEDDLE_MUTANT_BEYOND("mutex/mcs_lock.replaces3", McsLockReplaces3, "join_no_release", kLostHandOver,
                     {"relacy", kModificationOrder});

template <class P>
using McsLockTries = Tries<P, McsLock<P>>;
HEDDLE_SCENARIO("mutex/mcs_lock.tries", McsLockTries);
HEDDLE_MUTANT("mutex/mcs_lock.tries", McsLockTries, "lock_relaxed", Verdict::kRace);

template <class P>
using McsLockLastDestroys = LastDestroys<P, McsLock<P>>;
HEDDLE_SCENARIO("mutex/mcs_lock.last_destroys", McsLockLastDestroys);
HEDDLE_MUTANT("mutex/mcs_lock.last_destroys", McsLockLastDestroys, "clears_link_late",
              kTouchesFreed);
HEDDLE_MUTANT("mutex/mcs_lock.last_destroys", McsLockLastDestroys, "peeks_after_open",
              kTouchesFreed);

// A node of the caller's, mixed with lock(), which has none. Nobody waits for ever, and the lock is
// free in the end. (Wake-ups for no reason: see gate_model.cc.)
template <class P>
struct McsLockProgresses {
  static constexpr int kThreads = 2;
  using Node = typename McsLock<P>::Node;
  McsLock<P> lock;
  typename P::template Var<int> balance{0};

  McsLockProgresses() { lock.lock(); }
  void Thread(int index) {
    if (index == 0) {
      leave();
      return;
    }
    Node* const node = P::template create<Node>();
    lock.lock(*node);
    balance.set(balance.get() + 1);
    lock.unlock(*node);
    P::destroy(node);
  }
  void After() {
    lock.lock();
    leave();
    HEDDLE_ASSERT(balance.get() == 3);
  }
  void leave() {
    balance.set(balance.get() + 1);
    lock.unlock();
  }
};
HEDDLE_SCENARIO("mutex/mcs_lock.progresses", McsLockProgresses);
HEDDLE_MUTANT("mutex/mcs_lock.progresses", McsLockProgresses, "no_wake",
              Verdict::kLostWakeup | Verdict::kDeadlock);
HEDDLE_MUTANT("mutex/mcs_lock.progresses", McsLockProgresses, "keeps_link",
              kTouchesFreed | Verdict::kLostWakeup | Verdict::kDeadlock | Verdict::kLivelock);

template <class P>
class McsPlace {
 public:
  explicit McsPlace(McsLock<P>& lock) : lock_(lock) {}
  void join() { mine_ = lock_.join(node_); }
  void wait() {
    if (!mine_) lock_.wait(node_);
  }
  void unlock() { lock_.unlock(node_); }

 private:
  McsLock<P>& lock_;
  typename McsLock<P>::Node node_;
  bool mine_ = false;
};
template <class P>
using McsLockQueues = Queues<P, McsLock<P>, McsPlace<P>>;
HEDDLE_SCENARIO("mutex/mcs_lock.queues", McsLockQueues);
HEDDLE_MUTANT("mutex/mcs_lock.queues", McsLockQueues, "no_wait",
              Verdict::kAssertion | Verdict::kRace | Verdict::kLivelock | Verdict::kDeadlock);

}  // namespace
}  // namespace heddle
