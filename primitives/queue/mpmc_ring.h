// SPDX-License-Identifier: Apache-2.0
//
// In short: bounded; any producers and consumers; FIFO by position; a stalled thread holds up its
//   cell only.
//
// MpmcRing: a bounded first-in-first-out queue for any number of producers and consumers.
//
// Algorithm: Dmitry Vyukov's bounded MPMC queue (1024cores.net, 2010): every cell carries a
// sequence number that says whose turn it is.
//
// Guarantees
//   progress   never blocks in the kernel, and an operation that has not claimed a position hinders
//              nobody. Not lock-free in the strict sense: a producer stopped between its claim and
//              its publication keeps its cell unreadable, and everything behind it undeliverable.
//   order      items leave in the order of their claims, so FIFO per producer, and an item whose
//   push
//              returned before another push began leaves first.
//   full/empty "empty" can be reported while an earlier push is unfinished, even though later
//              pushes have returned; "full" likewise while an earlier pop is unfinished. With no
//              operation in flight both are exact. So the successful operations are linearizable as
//              a FIFO queue, and refusals are not.
//   memory     capacity * (sizeof(T) + 8), padded, fixed; nothing is allocated after construction.
//   signals    not signal-safe: a handler that pops what it interrupted pushing sees "empty" for
//   ever. fork       the child may inherit a claimed cell that nobody will publish. T
//   default-constructible, moves without throwing; may be move-only. A popped cell keeps
//              the moved-from T until it is overwritten or the ring is destroyed.
//
// A cell's sequence, for position p of the current lap (cell = p mod capacity):
//   | sequence     | meaning                         | who may touch the item          |
//   | ------------ | ------------------------------- | ------------------------------- |
//   | p            | free, waits for push number p   | the producer that claimed p     |
//   | p + 1        | full, waits for pop number p    | the consumer that claimed p     |
//   | p + capacity | free for push p + capacity      | the producer of the next lap    |
//   I1  tail and head only grow; a position is claimed by exactly one compare-and-exchange.
//   I2  only the claimant of the position that a sequence names may change that sequence.
// Positions count modulo 2^64; at 10^9 operations per second that is 584 years, which matters
// because a producer that stalls for a whole turn of the counter would mistake the lap.
#ifndef HEDDLE_PRIMITIVES_QUEUE_MPMC_RING_H_
#define HEDDLE_PRIMITIVES_QUEUE_MPMC_RING_H_

#include <atomic>
#include <bit>
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

template <class T, Platform P = StdPlatform>
class MpmcRing {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "a throwing move would leave a claimed cell unpublished for ever");

 public:
  // `capacity` is rounded up to a power of two, at least 2: with one cell, "full in this lap" and
  // "free in the next" would be the same number. `start` is the first position, for tests: a ring
  // that starts just below 2^64 meets the wrap at once.
  explicit MpmcRing(std::size_t capacity, std::uint64_t start = 0)
      : mask_(checked(capacity) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)),
        tail_{Position(start)},
        head_{Position(start)} {
    for (std::uint64_t i = 0; i <= mask_; ++i) {
      // relaxed: whoever shares the ring with other threads publishes it.
      cells_[(start + i) & mask_].sequence.store(start + i, std::memory_order_relaxed);
    }
  }

  MpmcRing(const MpmcRing&) = delete;
  MpmcRing& operator=(const MpmcRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }

  // False: full (see above), and `value` is untouched.
  [[nodiscard]] bool try_push(T&& value) {
    // acquire: the pop that freed the cell has read its item before we overwrite it.
    const Claim claim =
        try_claim(tail_.position, 0, order<P>("push_sequence_relaxed", std::memory_order_acquire));
    if (claim.cell == nullptr) return false;
    claim.cell->item.set(std::move(value));
    // release: publishes the item with the cell's new state.
    claim.cell->sequence.store(claim.position + 1,
                               order<P>("push_publish_relaxed", std::memory_order_release));
    return true;
  }

  [[nodiscard]] bool try_push(const T& value)
    requires std::copy_constructible<T>
  {
    return try_push(T(value));
  }

  // Nothing: empty (see above).
  [[nodiscard]] std::optional<T> try_pop() {
    // acquire: pairs with the push's release, so the item is visible.
    const Claim claim =
        try_claim(head_.position, 1, order<P>("pop_sequence_relaxed", std::memory_order_acquire));
    if (claim.cell == nullptr) return std::nullopt;
    std::optional<T> value(claim.cell->item.take());
    // release: our read of the item happens before the next lap's producer.
    const std::uint64_t freed = claim.position + (mutant<P>("frees_this_lap") ? 0 : mask_ + 1);
    claim.cell->sequence.store(freed, order<P>("pop_free_relaxed", std::memory_order_release));
    return value;
  }

 private:
  using Position = typename P::template Atomic<std::uint64_t>;

  struct Cell {
    Position sequence;
    typename P::template Var<T> item;
  };
  struct alignas(kCacheLine) Index {
    Position position;
  };
  struct Claim {
    Cell* cell;  // null: it is not the claimant's turn
    std::uint64_t position;
  };

  static std::uint64_t checked(std::size_t capacity) {
    if (capacity > std::size_t{1} << 62) throw std::length_error("MpmcRing: capacity above 2^62");
    return std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity);
  }

  // Claims the index's position if its cell's sequence has come to position + `turn`.
  Claim try_claim(Position& index, std::uint64_t turn, std::memory_order sequence_order) {
    // The index itself orders nothing: a stale position only makes the exchange fail or the
    // sequence look ahead, and the cell's sequence carries all the synchronization.
    std::uint64_t position = index.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const std::uint64_t sequence = cell.sequence.load(sequence_order);
      const auto ahead = static_cast<std::int64_t>(sequence - (position + turn));
      if (ahead == 0) {
        if (mutant<P>("claim_without_exchange")) {
          index.store(position + 1, std::memory_order_relaxed);
          return {&cell, position};
        }
        // strong: a failure then always means that somebody else has the position.
        if (index.compare_exchange_strong(position, position + 1, std::memory_order_relaxed,
                                          std::memory_order_relaxed)) {
          return {&cell, position};
        }
      } else if (mutant<P>("compares_without_wrap") ? sequence < position + turn : ahead < 0) {
        return {nullptr, position};
      } else {
        position = index.load(std::memory_order_relaxed);  // somebody else claimed this one
      }
    }
  }

  const std::uint64_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  Index tail_;
  Index head_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_MPMC_RING_H_
