// SPDX-License-Identifier: Apache-2.0
//
// In short: unbounded; one lock for each end; FIFO, linearizable.
//
// TwoLockQueue: an unbounded first-in-first-out queue, one lock for pushers and one for poppers.
//
// Algorithm: Michael and Scott's two-lock concurrent queue (PODC 1996). A dummy node keeps the two
// ends apart, so a push and a pop never wait for each other.
//
// Lock is any type with lock() and unlock(); progress, fairness and fork behaviour are its own.
//
// Guarantees
//   progress   blocking: a stopped pusher holds up pushers, a stopped popper poppers, never across.
//   order      FIFO: a push takes effect at its link, a pop at its read of the dummy's link.
//   empty      true with respect to every push that happens before the call. A push that has
//   returned
//              but is not ordered before the call may still be missed (a release store is not
//              visible everywhere at once), so "empty" is not linearizable in real time.
//   memory     one node per item and one dummy; unbounded. Nodes are created and freed outside the
//              locks. When allocation throws, the queue is unchanged.
//   T          default-constructible, moves without throwing; may be move-only. The dummy keeps one
//              moved-from T.
//
//   I1  head_ is the dummy; the items are the nodes after it, up to tail_.
//   I2  head_ belongs to the holder of the pop lock, tail_ to the holder of the push lock.
//   I3  a node's next goes from null to its successor once. It is the only thing that both sides
//       touch (when the queue is empty, both have the dummy), hence it is atomic.
//   I4  a node whose next is set is never touched by a pusher again, so the popper may free it.
#ifndef HEDDLE_PRIMITIVES_QUEUE_TWO_LOCK_QUEUE_H_
#define HEDDLE_PRIMITIVES_QUEUE_TWO_LOCK_QUEUE_H_

#include <atomic>
#include <optional>
#include <type_traits>
#include <utility>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <class T, Platform P = StdPlatform, class Lock = typename P::Mutex>
class TwoLockQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "a throwing move would lose the item half way");

 public:
  TwoLockQueue() : TwoLockQueue(P::template create<Node>()) {}
  TwoLockQueue(const TwoLockQueue&) = delete;
  TwoLockQueue& operator=(const TwoLockQueue&) = delete;

  // Nobody else may be using the queue. Items that are left are destroyed.
  ~TwoLockQueue() {
    Node* node = head_.node.get();
    while (node != nullptr) {
      P::destroy(std::exchange(node, node->next.load(std::memory_order_relaxed)));
    }
  }

  void push(T value) {
    Node* const node = P::template create<Node>(std::move(value));
    const Hold hold(tail_.lock, mutant<P>("push_without_lock"));
    Node* const last = tail_.node.get();
    // release: publishes the item; the pop lock is another lock and orders nothing with ours.
    last->next.store(node, order<P>("link_relaxed", std::memory_order_release));
    if (!mutant<P>("tail_not_moved")) tail_.node.set(node);
  }

  // Nothing: empty.
  [[nodiscard]] std::optional<T> try_pop() {
    std::optional<T> value;
    Node* dummy = nullptr;
    {
      const Hold hold(head_.lock, mutant<P>("pop_without_lock"));
      dummy = head_.node.get();
      // acquire: pairs with the link, so the item is visible.
      Node* const first = dummy->next.load(order<P>("next_relaxed", std::memory_order_acquire));
      if (first == nullptr) return std::nullopt;
      value.emplace(first->item.take());
      head_.node.set(first);
    }
    P::destroy(dummy);  // I4
    return value;
  }

 private:
  struct Node {
    Node() : next(nullptr) {}
    explicit Node(T value) : next(nullptr), item(std::move(value)) {}
    typename P::template Atomic<Node*> next;
    typename P::template Var<T> item;
  };

  class Hold {
   public:
    Hold(Lock& lock, bool skip) : lock_(skip ? nullptr : &lock) {
      if (lock_ != nullptr) lock_->lock();
    }
    ~Hold() {
      if (lock_ != nullptr) lock_->unlock();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Lock* const lock_;
  };

  struct alignas(kCacheLine) End {
    Lock lock;
    typename P::template Var<Node*> node;  // I2
  };

  explicit TwoLockQueue(Node* dummy) {
    head_.node.set(dummy);
    tail_.node.set(dummy);
  }

  End head_;
  End tail_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_TWO_LOCK_QUEUE_H_
