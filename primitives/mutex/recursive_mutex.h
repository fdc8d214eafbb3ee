// SPDX-License-Identifier: Apache-2.0
//
// In short: reentrant over any lock; bounded depth; tells a wrong unlock.
//
// A mutex that its holder may lock again; it is free when every lock() has had its unlock(). Built
// on any lock with lock(), try_lock() and unlock(): RecursiveMutex<P> sleeps like FutexMutex,
// RecursiveMutex<P, TtasLock<P>> spins.
//
// Guarantees
//   Exclusion, publication, progress and size: those of the lock underneath.
//   Depth: at most kMaxDepth. Beyond it lock() throws std::system_error with
//   resource_unavailable_try_again, as std::recursive_mutex does, and try_lock() returns false; the
//   depth stays as it was.
//   unlock() by a thread that is not the holder returns false and changes nothing, the answer being
//   certain whatever others do at the time. A thread that exits while it holds the mutex leaves it
//   locked; a later thread may be given its id and then counts as the holder.
//   Not for signal handlers: one that interrupts lock() on the same thread sees a half-made state.
//   After fork() the child's only thread is the holder if its parent thread was.
//   The mutex may be destroyed as soon as nobody will call it again.
//
// Invariants
//   1. owner_ is the holder's id, or kNobody. Only the thread with an id ever writes that id, and
//   it
//      writes kNobody over it before it lets go. So owner_ == my id exactly when I am the holder: a
//      thread that reads its own id has read its own latest store to owner_ (coherence), which
//      needs no order, and reading anything else, however old, cannot be its own id.
//   2. depth_ is the holder's alone.
#ifndef HEDDLE_PRIMITIVES_MUTEX_RECURSIVE_MUTEX_H_
#define HEDDLE_PRIMITIVES_MUTEX_RECURSIVE_MUTEX_H_

#include <atomic>
#include <cstdint>
#include <system_error>

#include "primitives/mutant.h"
#include "primitives/mutex/futex_mutex.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform, class Lock = FutexMutex<P>>
class RecursiveMutex {
 public:
  static constexpr std::uint32_t kMaxDepth = 65'535;

  RecursiveMutex() = default;
  RecursiveMutex(const RecursiveMutex&) = delete;
  RecursiveMutex& operator=(const RecursiveMutex&) = delete;

  void lock() {
    if (owned()) {
      if (!deepen()) {
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      }
      return;
    }
    lock_.lock();
    become_owner();
  }

  // Never waits. False says only that another thread was seen to hold it, or that the depth is used
  // up.
  bool try_lock() {
    if (owned()) return deepen();
    if (!lock_.try_lock()) return false;
    become_owner();
    return true;
  }

  // False: the caller is not the holder, and nothing has changed.
  bool unlock() {
    if (!owned() && !mutant<P>("anybody_unlocks")) return false;
    const std::uint32_t depth = depth_.get() - 1;
    depth_.set(depth);
    if (depth > 0 && !mutant<P>("unlocks_at_once")) return true;
    if (!mutant<P>("stays_owner")) owner_.store(kNobody, std::memory_order_relaxed);
    lock_.unlock();
    return true;
  }

 private:
  static constexpr int kNobody = -1;

  bool owned() const { return owner_.load(std::memory_order_relaxed) == P::thread_index(); }

  void become_owner() {
    owner_.store(P::thread_index(), std::memory_order_relaxed);
    depth_.set(1);
  }

  bool deepen() {
    if (depth_.get() == kMaxDepth) return false;
    depth_.set(depth_.get() + 1);
    return true;
  }

  Lock lock_;
  typename P::template Atomic<int> owner_{kNobody};
  typename P::template Var<std::uint32_t> depth_{0};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_RECURSIVE_MUTEX_H_
