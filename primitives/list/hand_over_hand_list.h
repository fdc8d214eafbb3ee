// SPDX-License-Identifier: Apache-2.0
//
// In short: sorted set, a lock in each node; linearizable; no overtaking.
//
// A set as a sorted singly linked list with a lock in each node. A thread walks it hand over hand:
// it takes hold of the next node before it lets go of the one it stands on. So threads follow one
// another along the list without overtaking, and those in different places do not wait for each
// other.
//
// Source: R. Bayer and M. Schkolnick, Concurrency of operations on B-trees, Acta Informatica 9,
// 1977 (lock coupling); as a list in Herlihy and Shavit, The Art of Multiprocessor
// Programming, 9.5. Deviation: one lock is held while walking, not two. Standing on a node pins its
// successor (invariant 3), so insert() and contains() need no second lock at all.
//
// Why a removal takes two: it writes the predecessor's link and reads the victim's. With the first
// alone, somebody who stands on the victim may insert or remove behind it meanwhile, and that is
// lost with the victim (see coarse_list.h).
//
// Guarantees: linearizable (insert and remove take effect at their store into the link). Blocking,
// and no deadlock: locks are taken in the order of the list, which for any two nodes never changes.
// A thread that stops in the middle of the list stops all that want to go beyond. O(n) lock
// operations. Not signal-safe, not reentrant: T's operator< must not call back. An exception from T
// or from the allocator leaves the list as it was. Destruction needs exclusive access.
//
// Invariants:
//   1. The values rise strictly along the links; a node's value never changes.
//   2. A node's link is read and written only by the holder of its lock.
//   3. Only the holder of its predecessor's lock waits for a node's lock, or unlinks the node. So
//      while one holds the predecessor the node stays; and once one has unlinked and unlocked it,
//      nobody holds it or waits for it: it is destroyed at once, without deferred reclamation.
#ifndef HEDDLE_PRIMITIVES_LIST_HAND_OVER_HAND_LIST_H_
#define HEDDLE_PRIMITIVES_LIST_HAND_OVER_HAND_LIST_H_

#include <utility>

#include "primitives/mutant.h"
#include "primitives/mutex/futex_mutex.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <class T, Platform P = StdPlatform, class Lock = FutexMutex<P>>
class HandOverHandList {
 public:
  HandOverHandList() = default;
  HandOverHandList(const HandOverHandList&) = delete;
  HandOverHandList& operator=(const HandOverHandList&) = delete;

  ~HandOverHandList() {
    while (Node* node = head_.next.get()) {
      head_.next.set(node->next.get());
      P::destroy(node);
    }
  }

  // False if `value` is there already.
  bool insert(T value) {
    Hand hand(head_);
    Node* next = walk(hand, value);
    if (next != nullptr && !(value < next->value.get())) return false;
    Node* node = P::template create<Node>(std::move(value), next);
    if (mutant<P>("insert_lets_go")) hand.let_go();
    hand->next.set(node);
    return true;
  }

  // False if `value` is not there.
  bool remove(const T& value) {
    Hand hand(head_);
    Node* victim = walk(hand, value);
    if (victim == nullptr || value < victim->value.get()) return false;
    if (mutant<P>("wrong_order")) hand.let_go();
    if (!mutant<P>("victim_unlocked")) victim->lock.lock();
    if (mutant<P>("wrong_order")) hand.take_again();
    hand->next.set(victim->next.get());
    if (!mutant<P>("victim_unlocked")) victim->lock.unlock();
    if (!mutant<P>("remove_leaks")) P::destroy(victim);  // invariant 3
    return true;
  }

  bool contains(const T& value) {
    Hand hand(head_);
    const Node* node = walk(hand, value);
    return node != nullptr && !(value < node->value.get());
  }

 private:
  struct Node;
  struct Place {  // what one can stand on: a node, or the head
    Lock lock;
    typename P::template Var<Node*> next{nullptr};  // invariant 2
  };
  struct Node : Place {
    Node(T v, Node* n) : value(std::move(v)) { this->next.set(n); }
    typename P::template Var<T> value;
  };

  // Where a thread stands: holds the place's lock.
  class Hand {
   public:
    explicit Hand(Place& place) : place_(&place) { place_->lock.lock(); }
    ~Hand() {
      if (holds_) place_->lock.unlock();
    }
    Hand(const Hand&) = delete;
    Hand& operator=(const Hand&) = delete;

    Place* operator->() const { return place_; }

    void step(Place* next) {
      if (mutant<P>("lets_go_first")) place_->lock.unlock();
      next->lock.lock();
      if (!mutant<P>("lets_go_first") && !mutant<P>("keeps_all")) place_->lock.unlock();
      place_ = next;
    }

    void let_go() {
      holds_ = false;
      place_->lock.unlock();
    }  // for mutants
    void take_again() {
      place_->lock.lock();
      holds_ = true;
    }

   private:
    Place* place_;
    bool holds_ = true;
  };

  // Takes the hand to the last place before the first node that is not less than `value`; returns
  // it.
  static Node* walk(Hand& hand, const T& value) {
    Node* next = hand->next.get();
    while (next != nullptr && next->value.get() < value) {
      hand.step(next);
      next = hand->next.get();
    }
    return next;
  }

  Place head_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_LIST_HAND_OVER_HAND_LIST_H_
