// SPDX-License-Identifier: Apache-2.0
//
// In short: bounded; one producer, one consumer; wait-free; FIFO.
//
// SpscRing: a bounded first-in-first-out queue between one producer and one consumer.
//
// Algorithm: Lamport's ring (Specifying Concurrent Program Modules, 1983) with free-running indices
// and each side's cached copy of the other's index (Lee et al., MCRingBuffer, 2010), so that a side
// touches the other's cache line only when the ring looks full or empty.
//
// Thread safety: at most one thread at a time in try_push, at most one in try_pop. A role may move
// to another thread if the hand-over is ordered. Two producers or two consumers are a data race.
//
// Guarantees
//   progress   both operations are wait-free: at most one load of the other side's index, no loop.
//   order      FIFO.
//   full/empty true with respect to everything that happens before the call: a refused push means
//              that `capacity` items were there that no pop known to this thread had taken.
//   memory     capacity * sizeof(T), fixed; nothing is allocated after construction.
//   signals    signal-safe if T's moves are; a handler must not take the role it interrupted.
//   T          default-constructible, moves without throwing; may be move-only. A popped slot keeps
//              the moved-from T until it is overwritten or the ring is destroyed.
//
// Indices count items for ever, modulo 2^32; a position's slot is its low bits. Wrapping is
// harmless at any distance, because only differences are used and these never exceed the capacity
// <= 2^31.
//   I1  tail - head is the number of items, 0 .. capacity (modulo 2^32).
//   I2  slots of the positions [head, tail) belong to the consumer, all others to the producer.
//   I3  head_seen <= head and tail_seen <= tail: a stale copy makes the ring look fuller to the
//       producer and emptier to the consumer, never the other way round.
#ifndef HEDDLE_PRIMITIVES_QUEUE_SPSC_RING_H_
#define HEDDLE_PRIMITIVES_QUEUE_SPSC_RING_H_

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
class SpscRing {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>,
                "a throwing move would lose the item half way");

 public:
  // `capacity` is rounded up to a power of two. `start` is the first position, for tests: a ring
  // that starts just below 2^32 meets the wrap at once.
  explicit SpscRing(std::size_t capacity, std::uint32_t start = 0)
      : mask_(checked(capacity) - 1),
        slots_(std::make_unique<Slot[]>(std::size_t{mask_} + 1)),
        producer_{Position(start), Own(start), Own(start)},
        consumer_{Position(start), Own(start), Own(start)} {}

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return std::size_t{mask_} + 1; }

  // Producer. False: full, and `value` is untouched.
  [[nodiscard]] bool try_push(T&& value) {
    const std::uint32_t tail = producer_.next.get();
    if (full(tail, producer_.head_seen.get())) {
      if (mutant<P>("push_trusts_cache")) return false;
      // acquire: the consumer's last read of the slot happens before we overwrite it (I2).
      producer_.head_seen.set(
          consumer_.head.load(order<P>("push_head_relaxed", std::memory_order_acquire)));
      if (full(tail, producer_.head_seen.get())) return false;
    }
    slots_[tail & mask_].set(std::move(value));
    producer_.next.set(tail + 1);
    // release: publishes the slot's content with the position.
    producer_.tail.store(tail + 1, order<P>("push_tail_relaxed", std::memory_order_release));
    return true;
  }

  [[nodiscard]] bool try_push(const T& value)
    requires std::copy_constructible<T>
  {
    return try_push(T(value));
  }

  // Consumer. Nothing: empty.
  [[nodiscard]] std::optional<T> try_pop() {
    const std::uint32_t head = consumer_.next.get();
    if (empty(head, consumer_.tail_seen.get())) {
      if (mutant<P>("pop_trusts_cache")) return std::nullopt;
      // acquire: pairs with the producer's release, so the slot's content is visible.
      consumer_.tail_seen.set(
          producer_.tail.load(order<P>("pop_tail_relaxed", std::memory_order_acquire)));
      if (empty(head, consumer_.tail_seen.get())) return std::nullopt;
    }
    std::optional<T> value(slots_[head & mask_].take());
    consumer_.next.set(head + 1);
    // release: our read of the slot happens before the producer that sees it free.
    consumer_.head.store(head + 1, order<P>("pop_head_relaxed", std::memory_order_release));
    return value;
  }

 private:
  using Position = typename P::template Atomic<std::uint32_t>;
  using Own = typename P::template Var<std::uint32_t>;  // touched by one side only
  using Slot = typename P::template Var<T>;

  static std::uint32_t checked(std::size_t capacity) {
    if (capacity > std::size_t{1} << 31) throw std::length_error("SpscRing: capacity above 2^31");
    return static_cast<std::uint32_t>(std::bit_ceil(capacity));
  }

  bool full(std::uint32_t tail, std::uint32_t head) const {
    if (mutant<P>("full_one_late")) return tail - head > mask_ + 1;
    if (mutant<P>("full_without_wrap")) return tail >= std::uint64_t{head} + mask_ + 1;
    return tail - head > mask_;
  }
  static bool empty(std::uint32_t head, std::uint32_t tail) {
    if (mutant<P>("empty_without_wrap")) return head >= tail;
    return head == tail;
  }

  struct alignas(kCacheLine) ProducerSide {
    Position tail;
    Own next;       // == tail; plain, for the producer's own use
    Own head_seen;  // I3
  };
  struct alignas(kCacheLine) ConsumerSide {
    Position head;
    Own next;       // == head
    Own tail_seen;  // I3
  };

  const std::uint32_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  ProducerSide producer_;
  ConsumerSide consumer_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_QUEUE_SPSC_RING_H_
