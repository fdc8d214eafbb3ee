// SPDX-License-Identifier: Apache-2.0
//
// In short: between processes; the kernel tells the next one of the owner's death; deadlines; no
//   polling; no lost wake-up whoever is killed.
//
// A mutex in memory that processes share, whose owner may die: whoever gets it next is told, and
// may mend what the dead one left half done. What POSIX calls a robust mutex
// (pthread_mutexattr_setrobust, EOWNERDEAD, ENOTRECOVERABLE), on the kernel's list of robust
// futexes: I. Molnar and T. Gleixner, 2006, Documentation/locking/robust-futexes.
//
// Where it differs from the C library's: every owner writes the kernel's waiters bit, so that the
// kernel wakes somebody at any owner's death; whether unlock() wakes is told by a count of waiters
// beside the word. With the bit alone, which unlock() clears, a waiter that is killed just after it
// was woken, while another thread takes the mutex without the bit, leaves the others asleep for
// ever.
//
// Guarantees
//   safety     Exclusion and publication, between threads and processes alike: what happened before
//              unlock(), or before the owner's death, happens before the next lock() returns. The
//              end of a thread, of its process, and exec() count as death.
//   progress   deadlock-free; not FIFO. While somebody waits nobody sleeps on a free mutex, whoever
//              dies wherever. A stopped owner keeps the mutex.
//   cost       48 bytes. lock() spins for a moment, if nobody waits, and sleeps in the kernel;
//              unlock() makes a system call only if somebody waits. A waiter that died is counted
//              on: from then on each unlock() makes that call, and lock() does not spin. (The
//              kernel knows who sleeps, but not who is about to.) A deadline is a point of the
//              monotonic clock.
//   limits     Not reentrant (kDeadlock). No priority inheritance. Not for signal handlers. After
//              fork() the parent's thread stays the owner; a child made by _Fork() or clone() must
//              not use it. A thread can own 2048 at a time: the kernel looks after no more. All
//              processes are in one pid namespace. Whoever waits while two die one after the other
//              is sure to be woken from Linux 6.2 on (primitives/std_shared.h).
//   memory     To begin with one process constructs it; zero bytes are a free mutex. It stays
//              mapped, in each process, until that process's own calls have returned: unlock() and
//              the kernel look at the word after it was freed.
//   trust      Who writes to it while a thread owns it can do that thread's process any harm: the
//              links that the kernel follows are in it.
//
// entry_.word   Meaning                                         Who may change it
// 0             free                                            anybody, to "held"
// id | W        held by thread id; the state is consistent      the owner; the kernel, at its death
// id | W | D    held; the state is as a dead owner left it,     the owner; the kernel, at its death
//               until make_consistent()
// W | D         the owner died                                  anybody, to "held" with D
// (W: kRobustWaiters, D: kRobustOwnerDied)
//
// Invariants
//   1. Whoever owns the word is listed, or at work on it: the kernel finds it at any step.
//   2. A waiter is in waiters_ from before it looks at the word until it owns the word or has given
//      up; dead ones stay. waiters_ is never too low.
//   3. A waiter sleeps only after a read-modify-write of the very word that it sleeps on. All that
//      change the word are such, so the unlock() that ends that ownership reads from it, and knows
//      of the waiter.
//   4. So nobody sleeps unless an owner lives who will wake somebody, or the kernel will at its
//      death, or somebody was woken who has not looked yet. If that one dies before it has looked,
//      the word is free, and the kernel wakes another one; or it has an owner again, and see above.
//   5. lost_ is set by an owner under D that does not mend the state, before it lets go, and then
//      stays.
#ifndef HEDDLE_PRIMITIVES_PROCESS_ROBUST_MUTEX_H_
#define HEDDLE_PRIMITIVES_PROCESS_ROBUST_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

enum class RobustStatus : std::uint8_t {
  kOk,         // lock: the caller owns it, and so did nobody who died
  kOwnerDied,  // lock: the caller owns it; an owner died, and nobody has mended the state since
  kNotRecoverable,  // lock: not owned; an owner was told kOwnerDied and unlocked all the same
  kTimedOut,        // lock: not owned; the deadline passed; of try_lock(): somebody else owns it
  kDeadlock,        // lock: the caller owns it already
  kNotOwner,        // unlock, make_consistent: the caller does not own it
  kUnsupported,     // this kernel or C library has no list of robust futexes
};

template <RobustPlatform P = StdPlatform>
class RobustMutex {
  using Shared = typename P::Shared;

 public:
  RobustMutex() = default;
  RobustMutex(const RobustMutex&) = delete;
  RobustMutex& operator=(const RobustMutex&) = delete;

  [[nodiscard]] RobustStatus lock() { return acquire(kNever, true); }

  // Never waits.
  [[nodiscard]] RobustStatus try_lock() { return acquire(kNever, false); }

  // Owned whenever it is free at the call, even when the deadline has passed. kNever is no limit.
  [[nodiscard]] RobustStatus try_lock_until(Deadline deadline) { return acquire(deadline, true); }

  // After kOwnerDied: the state is mended. Without effect if there was nothing to mend.
  RobustStatus make_consistent() {
    if (mine() == 0) return RobustStatus::kNotOwner;
    // Relaxed: should the caller die, the next owner is told again.
    entry_.word.fetch_and(~kRobustOwnerDied, std::memory_order_relaxed);
    return RobustStatus::kOk;
  }

  // After kOwnerDied without make_consistent(): nobody gets the mutex any more.
  RobustStatus unlock() {
    const std::uint32_t word = mine();
    if (word == 0) return RobustStatus::kNotOwner;
    if ((word & kRobustOwnerDied) != 0 && !mutant<P>("forgets_inconsistent")) lost_.set(true);
    Shared::begin(entry_);
    if (!mutant<P>("unlists_late")) Shared::unlist(entry_);
    release();
    if (mutant<P>("unlists_late")) Shared::unlist(entry_);
    Shared::end();
    return RobustStatus::kOk;
  }

  // Whether the calling thread owns it.
  bool owned() const { return mine() != 0; }

 private:
  static constexpr int kSpins = P::kExhaustive ? 0 : 100;

  // The word, if the caller owns it, or 0. Relaxed: only this thread ever writes its id, and as
  // long as it lives nobody else takes it away.
  std::uint32_t mine() const {
    const std::uint32_t self = Shared::self();
    const std::uint32_t word = entry_.word.load(std::memory_order_relaxed);
    const bool owner = self != 0 && (word & kRobustOwner) == self;
    return owner || mutant<P>("anybody_unlocks") ? word : 0;
  }

  RobustStatus acquire(Deadline deadline, bool waits) {
    const std::uint32_t self = Shared::self();
    if (self == 0) return RobustStatus::kUnsupported;
    if (!mutant<P>("no_begin")) Shared::begin(entry_);
    const RobustStatus status = take(self, deadline, waits);
    Shared::end();
    return status;
  }

  RobustStatus take(std::uint32_t self, Deadline deadline, bool waits) {
    std::uint32_t seen = 0;
    if (!take_free(self, seen)) {
      if ((seen & kRobustOwner) == self) return RobustStatus::kDeadlock;
      if (!waits || !wait(self, seen, deadline)) return RobustStatus::kTimedOut;
    }
    if (lost_.get()) {
      // It wakes the next one, to be told the same.
      mutant<P>("lost_silently") ? entry_.word.store(0, std::memory_order_release) : release();
      return RobustStatus::kNotRecoverable;
    }
    if (mutant<P>("ends_unlisted")) Shared::end();
    Shared::list(entry_);
    return (seen & kRobustOwnerDied) != 0 ? RobustStatus::kOwnerDied : RobustStatus::kOk;
  }

  // As long as `seen`, what the word was last seen to be, names no owner.
  bool take_free(std::uint32_t self, std::uint32_t& seen, bool waited = false) {
    while ((seen & kRobustOwner) == 0) {
      const bool marked = !mutant<P>("unmarked") && (waited || !mutant<P>("bit_tells"));
      const std::uint32_t died = mutant<P>("forgets_death") ? 0 : seen & kRobustOwnerDied;
      const std::uint32_t mine = self | (marked ? kRobustWaiters : 0) | died;
      // Acquire: what the owner before did, living or dead.
      if (entry_.word.compare_exchange_strong(seen, mine,
                                              order<P>("lock_relaxed", std::memory_order_acquire),
                                              std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  bool wait(std::uint32_t self, std::uint32_t& seen, Deadline deadline) {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (waiters_.load(std::memory_order_relaxed) != 0) break;  // others sleep already
      seen = entry_.word.load(std::memory_order_relaxed);
      if (take_free(self, seen)) return true;
      P::pause();
    }
    // Relaxed: the touch, below, makes it known.
    if (!mutant<P>("counts_late")) waiters_.fetch_add(1, std::memory_order_relaxed);
    bool taken = false;
    while (!(taken = take_free(self, seen, true))) {
      // Invariant 3. Release: whoever unlocks after this sees that the caller is counted.
      const std::uint32_t touched = seen | (mutant<P>("bit_tells") ? kRobustWaiters : 0);
      if (!mutant<P>("no_touch")) {
        if (!entry_.word.compare_exchange_strong(
                seen, touched, order<P>("touch_relaxed", std::memory_order_release),
                std::memory_order_relaxed)) {
          continue;
        }
        seen = touched;
      }
      if (mutant<P>("counts_late")) waiters_.fetch_add(1, std::memory_order_relaxed);
      if (mutant<P>("sleeps_unwatched")) Shared::end();
      const ParkResult result = Shared::park(&entry_.word, seen, deadline);
      if (mutant<P>("sleeps_unwatched")) Shared::begin(entry_);
      // Only a timeout ends the wait: whoever was woken must look, or the wake-up is lost.
      if (result == ParkResult::kTimedOut) {
        taken = mutant<P>("timeout_is_success");
        break;
      }
      seen = entry_.word.load(std::memory_order_relaxed);
    }
    // Relaxed: if it is seen late, somebody is woken for nothing.
    waiters_.fetch_sub(1, std::memory_order_relaxed);
    return taken;
  }

  void release() {
    // Release: for the next owner. Acquire: of the waiters that have touched the word.
    [[maybe_unused]] const std::uint32_t mine =
        entry_.word.exchange(0, mutant<P>("unlock_no_release")   ? std::memory_order_acquire
                                : mutant<P>("unlock_no_acquire") ? std::memory_order_release
                                                                 : std::memory_order_acq_rel);
    if (mutant<P>("ends_unwoken")) Shared::end();
    const bool waited_for = mutant<P>("bit_tells") ? (mine & kRobustWaiters) != 0
                                                   : waiters_.load(std::memory_order_relaxed) != 0;
    if (waited_for && !mutant<P>("no_wake")) Shared::unpark(&entry_.word, 1);
  }

  typename Shared::Entry entry_;
  typename Shared::template Atomic<std::uint32_t> waiters_{0};
  typename Shared::template Var<bool> lost_{false};  // the state is, for good; the owner's
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_PROCESS_ROBUST_MUTEX_H_
