// SPDX-License-Identifier: Apache-2.0
//
// In short: sorted set under one lock; linearizable.
//
// A set as a sorted singly linked list under one lock: the yardstick for finer locking.
//
// It is also the classic example of why a list needs a lock at all. To remove a node is one store,
// into its predecessor. Let the list be 1 -> 2 -> 3, and two threads remove 1 and 2 at once:
//
//   remove(1):  head.next = node1.next    reads 2
//   remove(2):  node1.next = node2.next   writes 3 into a node that is no longer in the list
//
// Now the list is 2 -> 3: both calls have returned true, and the removal of 2 is lost. No atomic
// links can help, for each store is right for the list as its thread saw it. Under one lock the two
// removals follow one another; hand_over_hand_list.h locks exactly the two nodes that a removal
// depends on.
//
// Guarantees: linearizable (each call takes effect while it holds the lock). Blocking: progress and
// fairness are the lock's. O(n). Not signal-safe, not reentrant: T's operator< must not call back.
// An exception from T or from the allocator leaves the list as it was. Destruction needs exclusive
// access.
//
// Invariants, while the lock is free:
//   1. The values rise strictly along the links.
//   2. Every node is reachable from head_: a removed one is destroyed before the lock is released.
#ifndef HEDDLE_PRIMITIVES_LIST_COARSE_LIST_H_
#define HEDDLE_PRIMITIVES_LIST_COARSE_LIST_H_

#include <utility>

#include "primitives/mutant.h"
#include "primitives/mutex/futex_mutex.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

template <class T, Platform P = StdPlatform, class Lock = FutexMutex<P>>
class CoarseList {
 public:
  CoarseList() = default;
  CoarseList(const CoarseList&) = delete;
  CoarseList& operator=(const CoarseList&) = delete;

  ~CoarseList() {
    while (Node* node = head_.get()) {
      head_.set(node->next.get());
      P::destroy(node);
    }
  }

  // False if `value` is there already.
  bool insert(T value) {
    const bool looked = mutant<P>("insert_in_two_steps") && !contains(value);
    const Hold hold(lock_, !mutant<P>("insert_unlocked"));
    Link* link = find(value);
    Node* next = link->get();
    if (!looked && next != nullptr && !(value < next->value.get())) return false;
    link->set(P::template create<Node>(std::move(value), next));
    return true;
  }

  // False if `value` is not there.
  bool remove(const T& value) {
    const Hold hold(lock_, !mutant<P>("remove_unlocked"));
    Link* link = find(value);
    Node* node = link->get();
    if (node == nullptr || value < node->value.get()) return false;
    link->set(node->next.get());
    if (!mutant<P>("remove_leaks")) P::destroy(node);
    return true;
  }

  bool contains(const T& value) {
    const Hold hold(lock_, !mutant<P>("contains_unlocked"));
    const Node* node = find(value)->get();
    return node != nullptr && !(value < node->value.get());
  }

 private:
  struct Node;
  using Link = typename P::template Var<Node*>;
  struct Node {
    Node(T v, Node* n) : value(std::move(v)), next(n) {}
    typename P::template Var<T> value;
    Link next;
  };

  class Hold {
   public:
    Hold(Lock& lock, bool really) : lock_(lock), really_(really) {
      if (really_) lock_.lock();
    }
    ~Hold() {
      if (really_ && !mutant<P>("keeps_lock")) lock_.unlock();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Lock& lock_;
    const bool really_;
  };

  // The link to the first node that is not less than `value`.
  Link* find(const T& value) {
    Link* link = &head_;
    while (Node* node = link->get()) {
      if (!(node->value.get() < value)) break;
      link = &node->next;
    }
    return link;
  }

  Lock lock_;
  Link head_{nullptr};
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_LIST_COARSE_LIST_H_
