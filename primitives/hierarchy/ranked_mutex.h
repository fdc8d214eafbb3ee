// SPDX-License-Identifier: Apache-2.0
//
// In short: any lock with a rank; a wrong order is reported at its first execution.
//
// Lock levels checked at run time. Every mutex has a rank and a name; a thread may wait only for a
// mutex ranked strictly above all that it holds. Whoever keeps to that cannot deadlock: in a cycle
// of waiting threads the ranks would have to rise all the way round. The check looks at the calling
// thread alone, so a wrong order is reported the first time that it is executed, whether or not
// another thread makes a deadlock of it then.
//
//   LockHierarchy<>  hierarchy;                        // or LockHierarchy<>::global()
//   RankedMutex<>    accounts(10, "accounts", hierarchy), journal(20, "journal", hierarchy);
//   accounts.lock(); journal.lock();                   // right
//   journal.lock();  accounts.lock();                  // reported, before it waits
//
// Source: J. W. Havender, Avoiding deadlock in multitasking systems, IBM Systems Journal 7(2),
// 1968; made checkable by a rank in each lock, as in jemalloc's src/witness.c.
//
// Which operations are checked:
//   lock(), try_lock_until()  wait, so the rank is compared with the highest one held.
//   try_lock()                never waits, so it is never a violation: lock_all() over mutexes of
//                             one rank is right. What it acquired counts in later comparisons.
//   unlock()                  in any order. Releasing what the thread does not hold is reported.
// Acquiring a mutex again that the thread holds compares equal, and so is reported too.
//
// A report goes to the hierarchy's handler: by default one line on stderr, then abort(). A handler
// that returns lets the operation go on (so one can log only); one that throws leaves the lock as
// it was. The handler runs on the violating thread, before that thread waits.
//
// Guarantees: exclusion, progress, fairness, fork-safety are those of the wrapped lock. The check
// is wait-free: O(1) for lock(), O(locks held) for try_lock(), and for unlock() out of LIFO order.
// It allocates nothing, and the number of locks held is not limited. Not signal-safe. A thread must
// not exit with, and nobody may destroy, a mutex that is held. Ranks order only the mutexes of one
// hierarchy.
//
// Invariants:
//   1. A thread's held list is exactly the mutexes of the hierarchy that it holds, from the highest
//      rank to the lowest. So its first element decides every comparison.
//   2. The link in a mutex is read and written by its holder alone: entered after the lock was
//      acquired, left before it is released. So it needs no atomic.
#ifndef HEDDLE_PRIMITIVES_HIERARCHY_RANKED_MUTEX_H_
#define HEDDLE_PRIMITIVES_HIERARCHY_RANKED_MUTEX_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "primitives/mutant.h"
#include "primitives/mutex/futex_mutex.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

// One violation of a hierarchy, as its handler sees it. The names are those of the constructors.
struct RankViolation {
  enum class Kind : std::uint8_t {
    kOrder,    // `lock` was about to be waited for by a thread that holds `held`
    kNotHeld,  // `lock` was released by a thread that does not hold it; `held` is null
  };
  Kind kind;
  const char* lock;
  int rank;
  const char* held;  // the highest-ranked mutex that the thread holds
  int held_rank;
};

// Prints `violation` as one line to stderr and aborts.
[[noreturn]] inline void abort_on_rank_violation(void* /*context*/,
                                                 const RankViolation& violation) {
  if (violation.kind == RankViolation::Kind::kOrder) {
    std::fprintf(
        stderr,
        "heddle: lock order violated: acquiring \"%s\" (rank %d) while holding \"%s\" (rank %d)\n",
        violation.lock, violation.rank, violation.held, violation.held_rank);
  } else {
    std::fprintf(stderr, "heddle: releasing \"%s\" (rank %d), which this thread does not hold\n",
                 violation.lock, violation.rank);
  }
  std::abort();
}

struct RankHandler {
  void (*report)(void* context, const RankViolation& violation) = &abort_on_rank_violation;
  void* context = nullptr;
};

// The mutexes whose ranks are compared with each other, and what each thread holds of them. Must
// outlive its mutexes.
template <Platform P = StdPlatform>
class LockHierarchy {
 public:
  // What a mutex puts into its holder's list.
  struct Entry {
    int rank;
    const char* name;
    typename P::template Var<Entry*> below{nullptr};  // the next lower one held; invariant 2
  };

  explicit LockHierarchy(RankHandler handler = {}) : handler_(handler) {}
  LockHierarchy(const LockHierarchy&) = delete;
  LockHierarchy& operator=(const LockHierarchy&) = delete;

  // The hierarchy of mutexes that name none. Never destroyed: static mutexes may outlive any order.
  static LockHierarchy& global() {
    static auto& hierarchy = *new LockHierarchy();
    return hierarchy;
  }

  // Not thread-safe: call it before the hierarchy's mutexes are shared.
  void set_handler(RankHandler handler) { handler_ = handler; }

  // Reports if the calling thread must not wait for `entry` now.
  void check(const Entry& entry) {
    const Entry* top = held_.local().top.get();
    if (top == nullptr) return;
    if (mutant<P>("equal_allowed") ? entry.rank < top->rank : entry.rank <= top->rank) {
      report({RankViolation::Kind::kOrder, entry.name, entry.rank, top->name, top->rank});
    }
  }

  // The calling thread has acquired `entry`. Goes to the front at once if the check has passed; the
  // walk is for try_lock() and for handlers that return.
  void enter(Entry& entry) {
    Link* link = &held_.local().top;
    Entry* at = link->get();
    while (at != nullptr && at->rank > entry.rank && !mutant<P>("unsorted")) {
      link = &at->below;
      at = link->get();
    }
    entry.below.set(at);
    link->set(&entry);
  }

  // The calling thread is about to release `entry`.
  void leave(Entry& entry) {
    Link* link = &held_.local().top;
    while (Entry* at = link->get()) {
      if (at == &entry || mutant<P>("leaves_top")) {
        link->set(at->below.get());
        return;
      }
      link = &at->below;
    }
    report({RankViolation::Kind::kNotHeld, entry.name, entry.rank, nullptr, 0});
  }

 private:
  using Link = typename P::template Var<Entry*>;
  struct Held {
    Link top{nullptr};  // invariant 1
  };

  void report(const RankViolation& violation) { handler_.report(handler_.context, violation); }

  RankHandler handler_;
  typename P::template PerThread<Held> held_;
};

enum class RankChecks : std::uint8_t { kOn, kOff };

// Any lock with lock(), try_lock() and unlock(), and a rank. `name` is kept, not copied.
template <Platform P = StdPlatform, class Lock = FutexMutex<P>,
          RankChecks kChecks = RankChecks::kOn>
class RankedMutex {
 public:
  RankedMutex(int rank, const char* name, LockHierarchy<P>& hierarchy = LockHierarchy<P>::global())
      : hierarchy_(hierarchy), entry_{rank, name} {}
  RankedMutex(const RankedMutex&) = delete;
  RankedMutex& operator=(const RankedMutex&) = delete;

  void lock() {
    if (!mutant<P>("checks_late")) hierarchy_.check(entry_);
    lock_.lock();
    if (mutant<P>("checks_late")) hierarchy_.check(entry_);
    hierarchy_.enter(entry_);
  }

  bool try_lock() {
    if (!lock_.try_lock()) return false;
    if (!mutant<P>("try_untracked")) hierarchy_.enter(entry_);
    return true;
  }

  bool try_lock_until(Deadline deadline)
    requires requires(Lock lock) { lock.try_lock_until(deadline); }
  {
    if (!mutant<P>("timed_unchecked")) hierarchy_.check(entry_);
    if (!lock_.try_lock_until(deadline)) return false;
    hierarchy_.enter(entry_);
    return true;
  }

  void unlock() {
    if (!mutant<P>("leaves_late") && !mutant<P>("never_leaves")) {
      hierarchy_.leave(entry_);  // invariant 2
    }
    lock_.unlock();
    if (mutant<P>("leaves_late")) hierarchy_.leave(entry_);
  }

  int rank() const { return entry_.rank; }
  const char* name() const { return entry_.name; }

 private:
  LockHierarchy<P>& hierarchy_;
  typename LockHierarchy<P>::Entry entry_;
  Lock lock_;
};

// The checks switched off: nothing but the lock, in space and in time.
template <Platform P, class Lock>
class RankedMutex<P, Lock, RankChecks::kOff> {
 public:
  RankedMutex(int /*rank*/, const char* /*name*/) {}
  RankedMutex(int /*rank*/, const char* /*name*/, LockHierarchy<P>& /*hierarchy*/) {}
  RankedMutex(const RankedMutex&) = delete;
  RankedMutex& operator=(const RankedMutex&) = delete;

  void lock() { lock_.lock(); }
  bool try_lock() { return lock_.try_lock(); }
  bool try_lock_until(Deadline deadline)
    requires requires(Lock lock) { lock.try_lock_until(deadline); }
  {
    return lock_.try_lock_until(deadline);
  }
  void unlock() { lock_.unlock(); }

 private:
  Lock lock_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_HIERARCHY_RANKED_MUTEX_H_
