// SPDX-License-Identifier: Apache-2.0
//
// In short: FIFO; each waiter at its own node; spins, yields, then parks; no node needed by the
//   caller.
//
// MCS queue lock: waiters form a linked list, each waits at its own node, and unlock() lets in
// exactly the next one. FIFO; a hand-over touches two cache lines however many wait. From J.
// Mellor-Crummey and M. Scott, "Algorithms for Scalable Synchronization on Shared-Memory
// Multiprocessors" (1991). Two deviations:
//   - Nodes stay out of the usual interface, as in the K42 variant (M. Auslander et al., 2002):
//   lock()
//     queues with a node on its own stack, and once it holds the lock it puts the lock's own node
//     in that node's place. So lock() and unlock() need no node, no thread-local storage and no
//     memory.
//   - A waiter does not spin for ever: it spins, yields, then sleeps (see gate.h).
// lock(Node&) and unlock(Node&) are the classic form, one read-modify-write cheaper when contended.
// Both forms may be mixed on one lock; each unlock() must match its lock().
//
// Guarantees
//   Exclusion and publication: what happened before unlock() happens before the next lock()
//   returns. Progress: starvation-free if every holder unlocks; first in the queue, first served.
//   Joining the queue is wait-free. unlock() waits if its successor is between joining and linking:
//   two steps. A preempted waiter holds up those behind it: that is the price of FIFO. Not
//   reentrant. A signal handler may use try_lock() and then unlock(). lock()/unlock() record no
//   owner: unlock() by another thread works if it is ordered after the holder's lock(). unlock()
//   without a holder is undefined. After fork() with waiters the child's copy is useless. One
//   system call per sleep and one per wake-up of a sleeper, none otherwise. The lock may be
//   destroyed as soon as nobody will call it again, also while the last unlock() is still
//   returning; a Node, as soon as its unlock() has returned.
//
// Invariants
//   1. tail_ is null exactly when the lock is free; else it is the last node of the queue, whose
//   first
//      node is the holder's: own_ after lock() or try_lock().
//   2. A node that is in no queue has a null next_.
//   3. next_ of a queued node is written by its successor, once; null means that there is none, or
//   that
//      it has not linked itself yet.
#ifndef HEDDLE_PRIMITIVES_MUTEX_MCS_LOCK_H_
#define HEDDLE_PRIMITIVES_MUTEX_MCS_LOCK_H_

#include <atomic>

#include "primitives/mutant.h"
#include "primitives/mutex/backoff.h"
#include "primitives/mutex/gate.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <Platform P = StdPlatform>
class McsLock {
 public:
  // One place in one queue. May be used again, also for another lock, after unlock() has returned.
  class Node {
   public:
    Node() = default;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

   private:
    friend class McsLock;
    typename P::template Atomic<Node*> next_{nullptr};
    Gate<P> turn_{Gate<P>::Initially::kClosed};
  };

  McsLock() = default;
  McsLock(const McsLock&) = delete;
  McsLock& operator=(const McsLock&) = delete;

  void lock() {
    if (try_lock()) return;
    Node node;
    if (!enqueue(node)) wait(node);
    replace_by_own(node);
  }

  // Never waits. False says only that the lock was seen held.
  bool try_lock() {
    Node* expected = nullptr;
    // No release: whoever reads &own_ from here also acquires the unlock() that made tail_ null
    // (they are one release sequence), and by then own_ was ready (invariant 2).
    return tail_.compare_exchange_strong(expected, &own_,
                                         order<P>("lock_relaxed", std::memory_order_acquire),
                                         std::memory_order_relaxed);
  }

  void unlock() { unlock(own_); }

  void lock(Node& node) {
    if (!join(node)) wait(node);
  }

  // lock(Node&) in two halves: join() fixes the place in the queue, wait() returns when it is
  // reached. join() is true if the caller holds the lock already, and need not wait().
  bool join(Node& node) {
    node.turn_.close();  // opened the last time it was used
    return enqueue(node);
  }

  void wait(Node& node) { node.turn_.wait(); }

  void unlock(Node& node) {
    Node* next = linked(node);
    if (next == nullptr) {
      Node* expected = &node;
      if (tail_.compare_exchange_strong(expected, nullptr,
                                        order<P>("unlock_relaxed", std::memory_order_release),
                                        std::memory_order_relaxed)) {
        return;
      }
      if (mutant<P>("ignores_unlinked")) return;
      next = await_link(node);
    }
    // Relaxed: the node's next user is this thread, or comes after it through the lock (invariant
    // 2).
    if (!mutant<P>("keeps_link") && !mutant<P>("clears_link_late")) {
      node.next_.store(nullptr, std::memory_order_relaxed);
    }
    next->turn_.open();
    // From here on the lock may be gone.
    if (mutant<P>("clears_link_late")) node.next_.store(nullptr, std::memory_order_relaxed);
  }

 private:
  bool enqueue(Node& node) {
    // Acquire: the unlock() that left the queue empty, or the preparation of the node in front,
    // into which this thread is going to write. Release: the preparation of this node.
    Node* const ahead = tail_.exchange(
        &node,
        order<P>("join_no_acquire",
                 order<P>("join_no_release", std::memory_order_acq_rel, std::memory_order_acquire),
                 std::memory_order_release));
    if (ahead == nullptr) return true;
    // Release: whoever opens this node's gate must find it closed before.
    ahead->next_.store(&node, order<P>("link_relaxed", std::memory_order_release));
    return false;
  }

  // The caller holds the lock by `node`; from the return on it holds it by own_.
  void replace_by_own(Node& node) {
    Node* next = linked(node);
    if (next == nullptr) {
      Node* expected = &node;
      // Release: a successor that reads &own_ here writes into own_.next_, after the unlock() that
      // prepared it.
      if (tail_.compare_exchange_strong(expected, &own_,
                                        order<P>("replace_relaxed", std::memory_order_release),
                                        std::memory_order_relaxed)) {
        return;
      }
      if (mutant<P>("forgets_unlinked")) return;
      next = await_link(node);
    }
    own_.next_.store(next, std::memory_order_relaxed);  // read by unlock(), which comes after
  }

  Node* linked(const Node& node) const {
    return node.next_.load(order<P>("next_relaxed", std::memory_order_acquire));
  }

  Node* await_link(const Node& node) const {
    Backoff<P> backoff;
    for (;;) {
      if (Node* const next = linked(node)) return next;
      backoff();
    }
  }

  typename P::template Atomic<Node*> tail_{nullptr};
  Node own_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_MUTEX_MCS_LOCK_H_
