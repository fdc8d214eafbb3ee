// SPDX-License-Identifier: Apache-2.0
//
// In short: FIFO; unlock is one exchange and never waits; spins, yields, then parks.
//
// CLH queue lock: a thread puts its cell at the end of an implicit queue and waits at the cell of
// the thread in front, which it then keeps for its next time. FIFO; unlock() is one exchange on the
// holder's own cell and never waits for a successor, unlike MCS.
// From T. Craig (1993) and A. Landin and E. Hagersten (1994). The holder's cell is remembered in
// the lock, as in M. Scott, "Shared-Memory Synchronization", so that unlock() takes no argument.
// Deviation: a waiter does not spin for ever: it spins, yields, then sleeps (see gate.h).
//
// A cell must outlive its owner's turn, so it cannot live on a stack. lock(Node&) uses the cell of
// a Node that the caller keeps, one for each thread, and never allocates. lock() borrows the lock's
// spare cell; it allocates one when other waiters have it, and frees one when there are two spares.
//
// Guarantees
//   Exclusion and publication: what happened before unlock() happens before the next lock()
//   returns. Progress: starvation-free if every holder unlocks; first in the queue, first served.
//   Joining the queue and unlock() are wait-free. A preempted waiter holds up those behind it: the
//   price of FIFO. No try_lock(): whether the cell at the end is open cannot be read without
//   joining the queue, because another thread may take that cell away and free it meanwhile. So
//   std::scoped_lock works for one ClhLock at a time. Not reentrant, not for signal handlers.
//   lock() may throw std::bad_alloc; it has done nothing then. No owner is recorded: unlock() by
//   another thread works if it is ordered after the holder's lock(); unlock() without a holder is
//   undefined. After fork() with waiters the child's copy is useless. At most two cells, plus one
//   for each waiter. One system call per sleep and one per wake-up of a sleeper, none otherwise.
//   The lock may be destroyed as soon as nobody will call it again, also while the last unlock() is
//   still returning; a Node, as soon as its lock() has returned.
//
// Invariants
//   1. tail_ is the cell of the last thread in the queue: closed from its join() until its
//   unlock().
//      The lock is free exactly when tail_'s gate is open.
//   2. A cell is known to one owner (a Node, spare_, or the queue) and, while queued, to one
//   successor.
//   3. holder_ is the holder's cell; spare_ is filled only by the holder. Both are ordered by the
//   lock
//      itself, and only taking the spare needs an atomic step.
#ifndef HEDDLE_PRIMITIVES_MUTEX_CLH_LOCK_H_
#define HEDDLE_PRIMITIVES_MUTEX_CLH_LOCK_H_

#include <atomic>

#include "primitives/mutant.h"
#include "primitives/mutex/gate.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class ClhLock {
  struct alignas(kCacheLine) Cell {
    Gate<P> turn{Gate<P>::Initially::kOpen};  // open: whoever queues behind may enter
  };

 public:
  // A place in a queue, for one lock at a time, from lock() until it returns: a thread needs only
  // one Node, even to hold several locks.
  class Node {
   public:
    Node() : cell_(P::template create<Cell>()) {}
    ~Node() { P::destroy(cell_); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

   private:
    friend class ClhLock;
    Cell* cell_;
    Cell* ahead_ = nullptr;
  };

  ClhLock() : tail_(P::template create<Cell>()) {}
  ~ClhLock() {
    P::destroy(tail_.load(std::memory_order_relaxed));
    if (Cell* const spare = spare_.load(std::memory_order_relaxed)) P::destroy(spare);
  }
  ClhLock(const ClhLock&) = delete;
  ClhLock& operator=(const ClhLock&) = delete;

  void lock() {
    Cell* const spare = take_spare();
    Cell* const mine = spare != nullptr ? spare : P::template create<Cell>();
    Cell* const ahead = join(mine);
    enter(mine, ahead);
    keep_spare(ahead);
  }

  void lock(Node& node) {
    join(node);
    wait(node);
  }

  // lock(Node&) in two halves: join() fixes the place in the queue, wait() returns when it is
  // reached.
  void join(Node& node) { node.ahead_ = join(node.cell_); }

  void wait(Node& node) {
    enter(node.cell_, node.ahead_);
    node.cell_ = node.ahead_;  // nobody else knows it any more (invariant 2)
  }

  void unlock() { holder_.get()->turn.open(); }

 private:
  Cell* join(Cell* mine) {
    mine->turn.close();
    // Release: who comes next must find this cell closed, not open as it was when its last user
    // left. Acquire: likewise for the cell in front.
    return tail_.exchange(mine, order<P>("join_no_acquire",
                                         order<P>("join_no_release", std::memory_order_acq_rel,
                                                  std::memory_order_acquire),
                                         std::memory_order_release));
  }

  void enter(Cell* mine, Cell* ahead) {
    ahead->turn.wait();
    holder_.set(mine);
  }

  Cell* take_spare() {
    if (mutant<P>("takes_spare_in_two_steps")) {
      Cell* const spare = spare_.load(std::memory_order_acquire);
      spare_.store(nullptr, std::memory_order_relaxed);
      return spare;
    }
    // Acquire: everything that the last user did with the cell comes before its use here.
    return spare_.exchange(nullptr, order<P>("take_relaxed", std::memory_order_acquire));
  }

  // The caller holds the lock, so nobody else fills spare_ between the two steps.
  void keep_spare(Cell* cell) {
    if (spare_.load(std::memory_order_relaxed) == nullptr) {
      spare_.store(cell, order<P>("keep_relaxed", std::memory_order_release));
    } else {
      P::destroy(cell);
    }
  }

  typename P::template Atomic<Cell*> tail_;
  typename P::template Atomic<Cell*> spare_{nullptr};
  typename P::template Var<Cell*> holder_{nullptr};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_CLH_LOCK_H_
