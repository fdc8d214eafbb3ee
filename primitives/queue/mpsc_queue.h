// SPDX-License-Identifier: Apache-2.0
//
// In short: intrusive, unbounded; push is wait-free; one consumer; FIFO per producer.
//
// MpscQueue: an unbounded intrusive first-in-first-out queue, many producers and one consumer.
//
// Algorithm: Dmitry Vyukov's intrusive MPSC node-based queue (1024cores.net, 2010).
//
// Thread safety: push() from any thread; try_pop(), empty() and the destructor from one thread at a
// time, the consumer. Two consumers are a data race.
//
// Guarantees
//   progress   push() is wait-free: one exchange, no loop. try_pop() is wait-free: no loop either.
//              But a producer stopped in the middle of its push hides its item and all later ones.
//   order      FIFO in the order of the producers' exchanges, so FIFO per producer.
//   nothing    try_pop() returns null when the queue is empty and also when the next item's push is
//              unfinished ("in the middle", between exchange and link). empty() tells the two
//              apart:
//                  while ((item = queue.try_pop()) == nullptr && !queue.empty()) pause();
//   memory     one pointer in each item, none allocated. The queue owns no items: whoever destroys
//   it
//              first pops what it wants back.
//   reuse      an item that try_pop() returned is no longer referred to by anybody and can be freed
//              or pushed again at once. Pushing an item that is in a queue corrupts that queue.
//   signals    push() is signal-safe; try_pop() is not, against itself.
//
// The list runs from tail_ (oldest, consumer's end) to head_ (newest) through next.
//   I1  each push exchanges head_ and then links its predecessor to itself; until it has linked,
//   the
//       list is broken at the predecessor, whose next is null.
//   I2  the predecessor cannot be popped, so not freed, while it is unlinked: only an item whose
//   next
//       is set is handed out.
//   I3  stub_ is in the list at most once: the consumer pushes it only when the last item is the
//       newest one, so that this item gets a successor and can be handed out.
#ifndef HEDDLE_PRIMITIVES_QUEUE_MPSC_QUEUE_H_
#define HEDDLE_PRIMITIVES_QUEUE_MPSC_QUEUE_H_

#include <atomic>
#include <concepts>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

// Base class of everything that goes into an MpscQueue<T, P>.
template <Platform P = StdPlatform>
class MpscNode {
 public:
  MpscNode() : next_(nullptr) {}
  MpscNode(const MpscNode&) = delete;
  MpscNode& operator=(const MpscNode&) = delete;

 private:
  template <class T, Platform Q>
  friend class MpscQueue;
  typename P::template Atomic<MpscNode*> next_;
};

template <class T, Platform P = StdPlatform>
class MpscQueue {
 public:
  MpscQueue() : head_{Link(&stub_)}, tail_(&stub_) {}
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  // Any thread. The queue refers to `item` until try_pop() returns it.
  void push(T* item) { push_node(item); }

  // Consumer. Null: empty, or the next item's push is in the middle.
  [[nodiscard]] T* try_pop() {
    Node* tail = tail_.get();
    Node* next = next_of(tail);
    if (tail == &stub_) {
      if (next == nullptr) return nullptr;
      tail_.set(next);
      tail = next;
      next = next_of(tail);
    }
    if (next == nullptr) {
      // relaxed: only the identity matters; nothing is read through it.
      if (!mutant<P>("stub_pushed_twice") && tail != head_.newest.load(std::memory_order_relaxed)) {
        return nullptr;  // I1: somebody is in the middle of linking to tail
      }
      if (mutant<P>("hands_out_newest")) {
        tail_.set(&stub_);
        return static_cast<T*>(tail);
      }
      push_node(&stub_);  // I3
      next = next_of(tail);
      if (next == nullptr) return nullptr;  // a push came between, and is in the middle
    }
    tail_.set(next);
    return static_cast<T*>(tail);
  }

  // Consumer. False when there is an item, linked or not.
  [[nodiscard]] bool empty() const {
    // relaxed: as in try_pop().
    return tail_.get() == &stub_ && head_.newest.load(std::memory_order_relaxed) == &stub_;
  }

 private:
  using Node = MpscNode<P>;
  using Link = typename P::template Atomic<Node*>;
  using Own = typename P::template Var<Node*>;

  void push_node(Node* node) {
    static_assert(std::derived_from<T, Node>, "items derive from MpscNode<P>");
    node->next_.store(nullptr, std::memory_order_relaxed);
    // release, and acquire in the next producer: the null above comes before that producer's link
    // in the modification order of node->next_, else the link could be overwritten and its item
    // lost.
    const std::memory_order both = order<P>(
        "exchange_not_release",
        order<P>("exchange_not_acquire", std::memory_order_acq_rel, std::memory_order_release),
        std::memory_order_acquire);
    Node* const previous = head_.newest.exchange(node, both);
    // release: publishes the item to the consumer.
    previous->next_.store(node, order<P>("link_relaxed", std::memory_order_release));
  }

  // acquire: the node that this leads to becomes the tail and is handed out later.
  static Node* next_of(Node* node) {
    return node->next_.load(order<P>("next_relaxed", std::memory_order_acquire));
  }

  struct alignas(kCacheLine) ProducerSide {
    Link newest;
  };
  ProducerSide head_;
  alignas(kCacheLine) Own tail_;  // the consumer's own
  Node stub_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_MPSC_QUEUE_H_
