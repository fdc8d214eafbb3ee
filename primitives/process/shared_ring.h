// SPDX-License-Identifier: Apache-2.0
//
// In short: between processes; bounded, FIFO, in one mapping; survives any kill: an item counts or
//   does not; deadlines.
//
// A first-in-first-out queue of a fixed number of places in memory that processes share: any number
// of producers and consumers, any of which may be killed at any step. A handle is a process's own;
// the ring holds counts, and no addresses but those that the mutex's owner keeps for its own use;
// it may be mapped anywhere.
//
// Algorithm: a ring under one RobustMutex, written so that the state is whole after each single
// store. What is left to recovery is then nothing: the next owner says make_consistent() and goes
// on. An operation, with the mutex:
//   1. push: write the item into its place, which does not count yet; pop: copy the item out
//   2. wake whoever waits for an item, or for room
//   3. count it: one store
//
// Guarantees
//   safety     Linearizable, FIFO. Each item is handed out at most once. An item is lost only with
//              a consumer that died with it, between its count and the return of pop(). An item
//              whose producer died is there whole or not at all.
//   progress   blocking. push() and pop() wait for room, for an item, and for living owners of the
//              mutex; nobody waits for the dead. A stopped process keeps the mutex; with a deadline
//              a call returns all the same. Nobody sleeps while there is what it waits for, whoever
//              died wherever (invariants 2, 3).
//   cost       A call makes system calls only if it waits, or somebody does. A wake-up wakes all
//              that wait on that side: one that is woken may be killed.
//   limits     T is trivially copyable and means the same in each process: no pointers. Not for
//              signal handlers. 2^32 pushes while one consumer is on its way to sleep could leave
//              that one asleep until the next.
//   trust      attach() checks what it finds, and whatever the memory then holds, no call goes
//              beyond it. But who writes to it while a process owns the mutex can do that process
//              any harm: the links that the kernel follows are in it. Share it with whom you trust.
//              A file under the mapping must not shrink (SIGBUS).
//
// Invariants
//   1. popped <= pushed <= popped + capacity. Item n, counted from 0, is in place n modulo
//      capacity, whole, for popped <= n < pushed. Each count is changed by one store, with the
//      mutex.
//   2. Whoever is going to sleep has set waited and noted turn, with the mutex. A change of turn,
//      with the mutex, came before that, and what it announced was seen; or comes after, and then
//      there is no sleep, or it is ended.
//   3. A change is announced before it is made. Whoever wakes up finds it made, since it takes the
//      mutex first; or its maker died with the mutex, before, and there is nothing to find. waited
//      stays until all have been woken.
#ifndef HEDDLE_PRIMITIVES_PROCESS_SHARED_RING_H_
#define HEDDLE_PRIMITIVES_PROCESS_SHARED_RING_H_

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>

#include "primitives/mutant.h"
#include "primitives/platform.h"
#include "primitives/process/robust_mutex.h"
#include "primitives/std_platform.h"

namespace heddle {

enum class RingStatus : std::uint8_t {
  kOk,
  kEmpty,        // try_pop: nothing in it
  kFull,         // try_push: no room
  kTimedOut,     // the deadline passed
  kBadMemory,    // create, attach: null, not aligned, or smaller than the ring
  kNotARing,     // attach: no ring there, or not completely made; or the handle is not attached
  kOtherRing,    // attach: of another version, or of items of another size or alignment
  kDamaged,      // the counts cannot be true, or the mutex is not recoverable
  kUnsupported,  // this kernel or C library has no list of robust futexes
};

// Mutex: another one with the members of RobustMutex that are used here, for tests.
template <class T, RobustPlatform P = StdPlatform, class Mutex = RobustMutex<P>>
class SharedRing {
  static_assert(std::is_trivially_copyable_v<T>);
  using Shared = typename P::Shared;

 public:
  // A handle to nothing. Copies are handles to the same ring; the memory stays the caller's.
  SharedRing() = default;

  // What a ring of that many places takes, in bytes; 0 if there can be none: no place, or more than
  // addresses reach.
  static constexpr std::size_t bytes_for(std::uint64_t capacity) {
    constexpr std::size_t kRoom = std::numeric_limits<std::size_t>::max() / 2 - kItemsAt;
    if (capacity == 0 || capacity > kRoom / sizeof(Place)) return 0;
    return kItemsAt + static_cast<std::size_t>(capacity) * sizeof(Place);
  }
  static constexpr std::size_t alignment() { return std::max(alignof(Header), alignof(Place)); }

  // Makes an empty ring, and attaches to it; whatever was there, which nobody uses any more, is
  // gone. One process does it, and others attach after that: fork() then, or make the ring in a
  // file that gets its name (rename(2)) when it is made. Of a maker that died in the middle there
  // is no ring.
  RingStatus create(void* memory, std::size_t bytes, std::uint64_t capacity) {
    const std::size_t size = bytes_for(capacity);
    if (!usable(memory) || size == 0 || bytes < size) return RingStatus::kBadMemory;
    std::memset(memory, 0, sizeof(Header));  // no ring that was there, from here on
    Shared::step();
    Header* const header = new (memory) Header;
    header->layout = layout();
    header->capacity = capacity;
    auto* const places = new (static_cast<std::byte*>(memory) + kItemsAt) Place[capacity];
    Shared::step();  // whoever dies before this has made no ring
    header->magic.store(kMagic, std::memory_order_relaxed);
    *this = SharedRing(header, places, capacity);
    return RingStatus::kOk;
  }

  // To what create() has made, here or in another process, before. `bytes` is the size of the
  // mapping.
  RingStatus attach(void* memory, std::size_t bytes) {
    if (!usable(memory) || bytes < sizeof(Header)) return RingStatus::kBadMemory;
    auto* const header = std::launder(static_cast<Header*>(memory));
    if (header->magic.load(std::memory_order_relaxed) != kMagic) {
      return RingStatus::kNotARing;
    }
    if (header->layout != layout()) return RingStatus::kOtherRing;
    const std::uint64_t capacity = header->capacity;
    const std::size_t size = bytes_for(capacity);
    if (size == 0) return RingStatus::kDamaged;
    if (bytes < size) return RingStatus::kBadMemory;
    *this = SharedRing(
        header, std::launder(reinterpret_cast<Place*>(static_cast<std::byte*>(memory) + kItemsAt)),
        capacity);
    return RingStatus::kOk;
  }

  // Nobody attaches any more. Of one process, when no other one uses the ring; the memory may then
  // go.
  void destroy() {
    if (header_ == nullptr) return;
    header_->magic.store(0, std::memory_order_relaxed);
    std::destroy_n(places_, capacity_);
    header_->~Header();
    *this = SharedRing();
  }

  bool attached() const { return header_ != nullptr; }
  std::uint64_t capacity() const { return capacity_; }

  // Waits for room; kNever is no limit.
  RingStatus push(const T& item, Deadline deadline = kNever) {
    return put(item, deadline, RingStatus::kOk);
  }
  // Waits for the mutex only.
  RingStatus try_push(const T& item) { return put(item, kNever, RingStatus::kFull); }

  // Waits for an item; kNever is no limit. `item` is written only with kOk.
  RingStatus pop(T& item, Deadline deadline = kNever) {
    return take(item, deadline, RingStatus::kOk);
  }
  // Waits for the mutex only.
  RingStatus try_pop(T& item) { return take(item, kNever, RingStatus::kEmpty); }

  // How many items are in it.
  RingStatus size(std::uint64_t& items, Deadline deadline = kNever) {
    const RingStatus status = enter(deadline);
    if (status != RingStatus::kOk) return status;
    items = count();
    leave();
    return RingStatus::kOk;
  }

 private:
  using Place = typename Shared::template Var<T>;

  // "Heddle", "ring", and what would make two rings differ.
  static constexpr std::uint64_t kMagic = 0x676e'6972'6c64'6448;
  static constexpr std::uint32_t kVersion = 1;

  struct Layout {
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::uint64_t item_bytes;
    std::uint64_t item_alignment;
    friend bool operator==(const Layout&, const Layout&) = default;
  };

  // One side of the queue: those that wait for items, or for room.
  struct Side {
    typename Shared::template Atomic<std::uint32_t> turn{0};  // announcements so far
    typename Shared::template Var<bool> waited{false};        // somebody may be asleep
  };

  struct Header {
    typename P::template Atomic<std::uint64_t> magic{0};
    Layout layout{};
    std::uint64_t capacity = 0;
    alignas(kCacheLine) Mutex mutex;
    typename Shared::template Var<std::uint64_t> pushed{0};
    typename Shared::template Var<std::uint64_t> popped{0};
    Side items;
    Side room;
  };

  static constexpr std::size_t kItemsAt =
      (sizeof(Header) + alignof(Place) - 1) / alignof(Place) * alignof(Place);

  static Layout layout() { return {kVersion, sizeof(Header), sizeof(T), alignof(T)}; }

  SharedRing(Header* header, Place* places, std::uint64_t capacity)
      : header_(header), places_(places), capacity_(capacity) {}

  static bool usable(const void* memory) {
    return memory != nullptr && reinterpret_cast<std::uintptr_t>(memory) % alignment() == 0;
  }

  std::uint64_t count() const { return header_->pushed.get() - header_->popped.get(); }
  Place& place(std::uint64_t number) { return places_[number % capacity_]; }

  // kOk: with the mutex, and the state is whole.
  RingStatus enter(Deadline deadline) {
    if (header_ == nullptr) return RingStatus::kNotARing;
    const RobustStatus status = header_->mutex.try_lock_until(deadline);
    switch (status) {
      case RobustStatus::kOk:
      case RobustStatus::kOwnerDied:
        break;
      case RobustStatus::kTimedOut:
        return RingStatus::kTimedOut;
      case RobustStatus::kUnsupported:
        return RingStatus::kUnsupported;
      default:
        return RingStatus::kDamaged;
    }
    const bool whole = count() <= capacity_;
    if (whole && status == RobustStatus::kOwnerDied && !mutant<P>("does_not_mend")) {
      header_->mutex.make_consistent();
    }
    if (whole) return RingStatus::kOk;
    leave();
    return RingStatus::kDamaged;
  }
  void leave() { header_->mutex.unlock(); }

  // With the mutex, also when it returns kOk.
  RingStatus sleep(Side& side, Deadline deadline) {
    side.waited.set(true);
    const std::uint32_t turn = side.turn.load(std::memory_order_relaxed);
    leave();
    const ParkResult result = Shared::park(&side.turn, turn, deadline);
    if (result == ParkResult::kTimedOut) {
      return mutant<P>("timeout_is_success") ? RingStatus::kOk : RingStatus::kTimedOut;
    }
    return enter(deadline);
  }

  // With the mutex. All of them: one that is woken may be killed.
  void announce(Side& side) {
    if (!side.waited.get()) return;
    if (mutant<P>("forgets_first")) side.waited.set(false);
    // Relaxed: whoever sees the change takes the mutex before it looks at anything.
    if (!mutant<P>("no_turn")) side.turn.fetch_add(1, std::memory_order_relaxed);
    Shared::unpark(&side.turn, mutant<P>("wakes_one") ? 1 : INT_MAX);
    side.waited.set(false);
  }

  // kOk: with the mutex, and ready(). `refusal`: what to say instead of waiting; kOk: wait.
  template <class Ready>
  RingStatus enter_when(Ready ready, Side& (SharedRing::*side)(), Deadline deadline,
                        RingStatus refusal) {
    RingStatus status = enter(deadline);
    while (status == RingStatus::kOk && !ready()) {
      if (refusal != RingStatus::kOk) {
        leave();
        return refusal;
      }
      status = sleep((this->*side)(), deadline);
    }
    return status;
  }
  Side& items() { return header_->items; }
  Side& room() { return header_->room; }

  RingStatus put(const T& item, Deadline deadline, RingStatus refusal) {
    const RingStatus status =
        enter_when([this] { return count() < capacity_; }, &SharedRing::room, deadline, refusal);
    if (status != RingStatus::kOk) return status;
    const std::uint64_t number = header_->pushed.get();
    if (mutant<P>("counts_first")) header_->pushed.set(number + 1);
    place(number).set(item);
    if (mutant<P>("announces_late")) header_->pushed.set(number + 1);
    announce(header_->items);
    header_->pushed.set(number + 1);
    leave();
    return RingStatus::kOk;
  }

  RingStatus take(T& item, Deadline deadline, RingStatus refusal) {
    const RingStatus status =
        enter_when([this] { return count() > 0; }, &SharedRing::items, deadline, refusal);
    if (status != RingStatus::kOk) return status;
    const std::uint64_t number = header_->popped.get();
    item = place(number).get();
    if (mutant<P>("announces_room_late")) header_->popped.set(number + 1);
    announce(header_->room);
    if (!mutant<P>("counts_no_pop")) header_->popped.set(number + 1);
    leave();
    return RingStatus::kOk;
  }

  Header* header_ = nullptr;
  Place* places_ = nullptr;
  std::uint64_t capacity_ = 0;  // as it was checked: what the memory says may change
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_PROCESS_SHARED_RING_H_
