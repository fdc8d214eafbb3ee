// SPDX-License-Identifier: Apache-2.0
//
// The words by which a ghost's owner and who gives it a node understand each other (ghosts.h,
// invariant 3): the mutex's tag, and the length of the ghost's log.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOST_WORDS_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOST_WORDS_H_

#include "checkers/lock_order/runtime/platform.h"

namespace heddle::lock_order {

template <class P>
struct GhostWords {
  using Tag = typename P::template Atomic<uint64_t>;
  using Length = typename P::template Atomic<uint32_t>;

  // False: the tag is another one now. Success orders both ways: what the owner wrote before its
  // exchange is seen by who exchanges after it, and by the owner what was done before that.
  static HEDDLE_INLINE bool exchange(Tag& tag, uint64_t from, uint64_t to) {
    return tag.compare_exchange_strong(from, to,
                                       order<P>("exchange_relaxed", std::memory_order_acq_rel),
                                       std::memory_order_relaxed);
  }

  // The owner may be adding to the log while another thread, whose exchange came first, reads it.
  static HEDDLE_INLINE void lengthen(Length& length, uint32_t to) {
    length.store(to, order<P>("lengthen_relaxed", std::memory_order_release));
  }
  static HEDDLE_INLINE uint32_t length(const Length& length) {
    return length.load(order<P>("length_relaxed", std::memory_order_acquire));
  }
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_GHOST_WORDS_H_
