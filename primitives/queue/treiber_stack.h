// SPDX-License-Identifier: Apache-2.0
//
// In short: bounded; lock-free; LIFO, linearizable; ABA answered by a 32-bit tag.
//
// TreiberStack: a bounded last-in-first-out stack for any number of threads, and IndexStack, the
// list of small integers that it is made of (a free list for pools of any kind).
//
// Algorithm: R. K. Treiber (Systems Programming: Coping with Parallelism, IBM RJ 5118, 1986), with
// the tag that IBM's System/370 manual gives against ABA. Nodes are indices into fixed arrays, so
// the head, index and tag, fits one 64-bit word and no memory is freed while anybody may still read
// it.
//
// ABA: a pop reads the head's successor and then exchanges the head for it. If between the two the
// head's node is popped and comes back with another successor, an untagged exchange would succeed
// and put the old successor, which may be in somebody's hands, on the list. Every pop increments
// the tag, and no node can come back without having been popped, so the exchange fails. Bound: the
// tag has 32 bits. A pop is fooled only if it is stopped between its load and its exchange while
// exactly a multiple of 2^32 pops of the same list complete and leave the same node on top; at 10^8
// pops per second that is a stop of at least 43 seconds, hit to the exact pop.
//
// Guarantees, both classes
//   progress   lock-free: an exchange fails only because another one succeeded.
//   memory     fixed; nothing is allocated after construction.
//   signals    signal-safe if T's moves are. Fork-safe: a thread lost in the middle costs one slot.
//   order      LIFO: pushes and pops take effect at their exchanges, so successful ones are
//              linearizable. "Empty" is true with respect to everything that happens before the
//              call.
// TreiberStack
//   full       try_push() can report "full" while a pop has taken an item and not yet returned its
//              slot. With no operation in flight it is exact.
//   T          default-constructible, moves without throwing; may be move-only. A free slot keeps
//   the
//              moved-from T until it is overwritten or the stack is destroyed.
//
//   I1  the head's value (index, tag) is written by one exchange only: within one tag there are
//   only
//       pushes, and a node on the list cannot be pushed again.
//   I2  a listed node's next does not change. A pop can read the next of a node that has meanwhile
//       been popped and is being pushed elsewhere: next is atomic, and by the tag that value is
//       thrown away.
//   I3  every change of the head is a read-modify-write, so a load that sees any later head also
//       synchronizes with the push of each node still listed (release sequence).
#ifndef HEDDLE_PRIMITIVES_QUEUE_TREIBER_STACK_H_
#define HEDDLE_PRIMITIVES_QUEUE_TREIBER_STACK_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/std_platform.h"

namespace heddle {

// A lock-free stack of numbers from [0, count), each in it at most once.
template <Platform P = StdPlatform>
class IndexStack {
 public:
  // Empty. `tag` is the first tag, for tests: one that starts at 2^32 - 1 wraps at the first pop.
  explicit IndexStack(std::uint32_t count, std::uint32_t tag = 0)
      : next_(std::make_unique<Next[]>(count)), head_(pack(kNone, tag)) {}

  IndexStack(const IndexStack&) = delete;
  IndexStack& operator=(const IndexStack&) = delete;

  // The caller owns `index`: it is not in the stack. Pushing it twice loses nodes.
  void push(std::uint32_t index) {
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      next_[index].store(index_of(head), std::memory_order_relaxed);
      // release: publishes next, and whatever the caller wrote for this index. No new tag: that the
      // same head was popped and came back in between does not matter to a push.
    } while (!head_.compare_exchange_strong(head, pack(index, tag_of(head)),
                                            order<P>("push_relaxed", std::memory_order_release),
                                            std::memory_order_relaxed));
  }

  // Nothing: empty. The caller owns the index.
  [[nodiscard]] std::optional<std::uint32_t> try_pop() {
    for (;;) {
      // acquire: synchronizes with the push of the top node (I3), for its next and its content.
      std::uint64_t head = head_.load(order<P>("pop_relaxed", std::memory_order_acquire));
      const std::uint32_t index = index_of(head);
      if (index == kNone) return std::nullopt;
      const std::uint32_t next = next_[index].load(std::memory_order_relaxed);  // I2
      const std::uint32_t tag = tag_of(head) + (mutant<P>("no_tag") ? 0 : 1);
      // relaxed: by I1 the value compared is the one loaded above, which was acquired; and nothing
      // is published.
      if (head_.compare_exchange_strong(head, pack(next, tag), std::memory_order_relaxed,
                                        std::memory_order_relaxed)) {
        return index;
      }
    }
  }

 private:
  using Next = typename P::template Atomic<std::uint32_t>;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  static constexpr std::uint64_t pack(std::uint32_t index, std::uint32_t tag) {
    return std::uint64_t{tag} << 32 | index;
  }
  static constexpr std::uint32_t index_of(std::uint64_t head) {
    return static_cast<std::uint32_t>(head);
  }
  static constexpr std::uint32_t tag_of(std::uint64_t head) {
    return static_cast<std::uint32_t>(head >> 32);
  }

  const std::unique_ptr<Next[]> next_;  // meaningful for listed nodes only
  alignas(kCacheLine) typename P::template Atomic<std::uint64_t> head_;
};

template <class T, Platform P = StdPlatform>
class TreiberStack {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "a throwing move would lose a slot");

 public:
  // `tag` as for IndexStack.
  explicit TreiberStack(std::size_t capacity, std::uint32_t tag = 0)
      : capacity_(checked(capacity)),
        slots_(std::make_unique<Slot[]>(capacity)),
        free_(capacity_, tag),
        used_(capacity_, tag) {
    for (std::uint32_t i = capacity_; i > 0; --i) free_.push(i - 1);
  }

  std::size_t capacity() const { return capacity_; }

  // False: full (see above), and `value` is untouched.
  [[nodiscard]] bool try_push(T&& value) {
    const std::optional<std::uint32_t> slot = free_.try_pop();
    if (!slot) return false;
    slots_[*slot].set(std::move(value));
    used_.push(*slot);
    return true;
  }

  [[nodiscard]] bool try_push(const T& value)
    requires std::copy_constructible<T>
  {
    return try_push(T(value));
  }

  // Nothing: empty.
  [[nodiscard]] std::optional<T> try_pop() {
    const std::optional<std::uint32_t> slot = used_.try_pop();
    if (!slot) return std::nullopt;
    if (mutant<P>("frees_first")) free_.push(*slot);
    std::optional<T> value(slots_[*slot].take());
    if (!mutant<P>("frees_first")) free_.push(*slot);
    return value;
  }

 private:
  using Slot = typename P::template Var<T>;

  static std::uint32_t checked(std::size_t capacity) {
    if (capacity >= UINT32_MAX) throw std::length_error("TreiberStack: capacity above 2^32 - 2");
    return static_cast<std::uint32_t>(capacity);
  }

  const std::uint32_t capacity_;
  const std::unique_ptr<Slot[]> slots_;
  IndexStack<P> free_;  // slots that hold no item
  IndexStack<P> used_;  // slots that do, newest first
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_TREIBER_STACK_H_
