// SPDX-License-Identifier: Apache-2.0
//
// Address -> number (a node, a thread), for locks that have no room for a tag. Lookups take no lock
// and write nothing; changes are made by one thread at a time (the recorder's lock).
//
// Open addressing. A slot's key is written once and never changes, its value may: 0 is "removed",
// and the slot waits for the same key to come back. A full table is replaced by a greater one
// without the removed keys; the old one is kept for readers that are still in it (in sum less than
// the new one).
//   - A table is filled before it is published; nothing is missing in a new one that was in the
//   old.
//   - What a number names was written before the number: a reader who finds it may follow it.
//   - Who knows otherwise (through a lock, say) that a key was set, finds what was set or something
//     newer. Who does not may be told "nothing", although a change is under way: the recorder asks
//     again under its lock. So keys need no order of their own: a key without its value is nothing.
#ifndef HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_
#define HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_

#include "checkers/lock_order/runtime/platform.h"

namespace heddle::lock_order {

template <class P>
class AddressMap {
 public:
  struct MapSlot {
    typename P::template Atomic<uint64_t> key;
    typename P::template Atomic<uint64_t> value;
  };
  struct Table {
    using Slot = MapSlot;
    typename P::template Var<uint64_t> mask;
    Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  };
  static_assert(sizeof(Table) % alignof(MapSlot) == 0);

  uint64_t find(uint64_t key) const {
    Table* table = table_.load(order<P>("find_table_relaxed", std::memory_order_acquire));
    if (table == nullptr) return 0;
    const uint64_t mask = table->mask.get();
    Slot* slots = table->slots();
    for (uint64_t at = mix(key) & mask;; at = (at + 1) & mask) {
      const uint64_t found = slots[at].key.load(std::memory_order_relaxed);
      if (found == key) {
        return slots[at].value.load(order<P>("find_value_relaxed", std::memory_order_acquire));
      }
      if (found == 0) return 0;
    }
  }

  // Sets key's value; 0 removes it. False: no memory.
  bool set(uint64_t key, uint64_t value) {
    Table* table = table_.load(std::memory_order_relaxed);
    if (table == nullptr || (used_ + 1) * 4 > (table->mask.get() + 1) * 3) {
      table = grow(table);
      if (table == nullptr) return false;
    }
    place(table, key, value);
    return true;
  }

  // In a forked child, where a signal handler may have come between a lookup and its end.
  void forget() {
    table_.store(nullptr, std::memory_order_relaxed);
    used_ = 0;
  }

 private:
  using Slot = MapSlot;

  void place(Table* table, uint64_t key, uint64_t value) {
    const uint64_t mask = table->mask.get();
    Slot* slots = table->slots();
    uint64_t at = mix(key) & mask;
    for (;; at = (at + 1) & mask) {
      const uint64_t found = slots[at].key.load(std::memory_order_relaxed);
      if (found == key) {
        slots[at].value.store(value, order<P>("replace_relaxed", std::memory_order_release));
        return;
      }
      if (found == 0) break;
    }
    if (value == 0) return;
    slots[at].value.store(value, order<P>("set_relaxed", std::memory_order_release));
    slots[at].key.store(key, std::memory_order_relaxed);
    ++used_;
  }

  Table* grow(Table* old) {
    const uint64_t old_size = old == nullptr ? 0 : old->mask.get() + 1;
    uint64_t live = 0;
    for (uint64_t at = 0; at < old_size; ++at) {
      if (old->slots()[at].value.load(std::memory_order_relaxed) != 0) ++live;
    }
    uint64_t size = P::kSmallestMap;
    while (live * 2 >= size) size *= 2;
    auto* fresh = memory_.template make<Table>(size);
    if (fresh == nullptr) return nullptr;
    fresh->mask.set(size - 1);
    used_ = 0;
    if (mutant<P>("published_empty")) table_.store(fresh, std::memory_order_release);
    for (uint64_t at = 0; at < old_size; ++at) {
      const Slot& slot = old->slots()[at];
      const uint64_t value = slot.value.load(std::memory_order_relaxed);
      if (value != 0) place(fresh, slot.key.load(std::memory_order_relaxed), value);
    }
    table_.store(fresh, order<P>("publish_relaxed", std::memory_order_release));
    return fresh;
  }

  typename P::template Atomic<Table*> table_{nullptr};
  uint64_t used_ = 0;
  [[no_unique_address]] typename P::Memory memory_;
};

}  // namespace heddle::lock_order

#endif  // HEDDLE_CHECKERS_LOCK_ORDER_RUNTIME_ADDRESS_MAP_H_
